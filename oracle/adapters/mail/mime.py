"""A mail as the bytes that are sent (RFC 5322, MIME), the same for every mailer.

Written by hand rather than by `email.message`, which takes several milliseconds of a processor for
each mail: with ten thousand of them that is the better part of a minute. The parts are plain
enough, and the tests read the result back with the standard library.

The mails of a run differ in a few lines. What was encoded for one of them is kept for the next.
"""

from __future__ import annotations

import re
from binascii import b2a_qp
from email.header import Header
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from oracle.domain.mail import Mail

_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_MESSAGE_ID = re.compile(r"[A-Za-z0-9._=+-]{1,160}@[A-Za-z0-9.-]{1,90}")
_ADDRESS = re.compile(r"[^\s<>,;:\"()\[\]\\]{1,64}@[^\s<>,;:\"()\[\]\\]{1,253}", re.ASCII)
_LINE: Final = 76
_RESERVED: Final = frozenset(
    {
        "from",
        "to",
        "subject",
        "date",
        "message-id",
        "mime-version",
        "content-type",
        "content-transfer-encoding",
        "cc",
        "bcc",
        "sender",
        "return-path",
    }
)


def write_message(mail: Mail, *, sender: str, now: datetime) -> bytes:
    """Return the mail as bytes, lines ending in CRLF, all of them ASCII.

    Raises ValueError when a header, the recipient or the Message-ID holds what has no place in one:
    line ends and other control characters cannot begin a header of somebody else's making.
    """
    if not _MESSAGE_ID.fullmatch(mail.message_id):
        raise ValueError("The Message-ID is not one.")
    if not _ADDRESS.fullmatch(mail.recipient) or not mail.recipient.isascii():
        raise ValueError("The recipient is not an address in ASCII.")
    # Cannot stand in either part: what is encoded has no line that begins with two dashes and it.
    boundary = f"=_{sha256(mail.message_id.encode()).hexdigest()[:32]}"
    name, address = parseaddr(sender)
    lines = [
        f"From: {_encode('From', name) + ' ' if name else ''}<{address}>",
        f"To: {mail.recipient}",
        f"Subject: {_encode('Subject', mail.content.subject)}",
        f"Date: {format_datetime(now)}",
        f"Message-ID: <{mail.message_id}>",
        *_further_headers({"Auto-Submitted": "auto-generated", **mail.headers}),
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative; boundary="{boundary}"',
        "",
        f"--{boundary}",
    ]
    head = "\r\n".join(lines).encode("ascii")
    return b"\r\n".join(
        [
            head,
            _part("plain", mail.content.text),
            f"--{boundary}".encode(),
            _part("html", mail.content.html),
            f"--{boundary}--".encode(),
            b"",
        ]
    )


def _further_headers(headers: Mapping[str, str]) -> Iterator[str]:
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _RESERVED:
            raise ValueError(f"{name!r} is no header that a mail may bring.")
        _refuse_control(name, value)
        if not value.isascii():
            raise ValueError(f"The header {name} is not in ASCII.")
        yield f"{name}: {value}"


@lru_cache(maxsize=64)
def _encode(name: str, value: str) -> str:
    _refuse_control(name, value)
    if value.isascii() and len(value) + len(name) + 2 <= _LINE:
        if name == "From":
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            return f'"{escaped}"'
        return value
    return Header(value, "utf-8", maxlinelen=_LINE, header_name=name).encode(linesep="\r\n")


def _refuse_control(name: str, value: str) -> None:
    if any(not character.isprintable() for character in value.replace("\u202f", " ")):
        raise ValueError(f"The header {name} holds characters that cannot be printed.")


def _part(subtype: str, text: str) -> bytes:
    body = b"\r\n".join([_encode_line(line) for line in text.replace("\r\n", "\n").split("\n")])
    return (
        f'Content-Type: text/{subtype}; charset="utf-8"\r\n'
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    ).encode() + body


@lru_cache(maxsize=4096)
def _encode_line(line: str) -> bytes:
    """Return the line as quoted-printable: how it is written depends on no other line."""
    return b2a_qp(line.encode(), quotetabs=False).replace(b"\n", b"\r\n")
