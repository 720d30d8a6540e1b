"""The types of the digest's settings; as `values`, see there."""

from __future__ import annotations

import re
from datetime import time, timedelta
from email.headerregistry import Address
from email.utils import parseaddr
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, SecretStr

_SPAN = re.compile(r"(?P<count>[1-9][0-9]{0,4})\s*(?P<unit>[hms])", re.IGNORECASE)
_SECONDS = {"h": 3600, "m": 60, "s": 1}
_LONGEST = timedelta(hours=12)
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def _time_of_day(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if not _TIME.fullmatch(value.strip()):
        raise ValueError("a time of day, such as 18:00")
    return time.fromisoformat(value.strip())


def _time_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("a time zone's name, such as America/New_York") from None
    return value


def _span(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    match = _SPAN.fullmatch(value.strip())
    span = (
        timedelta(seconds=int(match["count"]) * _SECONDS[match["unit"].lower()])
        if match
        else timedelta(0)
    )
    if not timedelta(0) < span <= _LONGEST:
        raise ValueError("a length of time up to 12h, such as 4h, 90m or 30s")
    return span


def _mailbox(value: str) -> str:
    name, address = parseaddr(value)
    try:
        parsed = Address(display_name=name, addr_spec=address)
    except (ValueError, IndexError):
        parsed = Address()
    if not parsed.username or not parsed.domain or not address.isascii() or "\n" in value:
        raise ValueError("a sender such as Oracle <digest@example.org>")
    return str(parsed)


def _smtp_url(value: SecretStr) -> SecretStr:
    try:
        parts = urlsplit(value.get_secret_value().strip())
        known = parts.scheme in {"smtp", "smtps"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        known = False
    if not known:
        raise ValueError("smtp://user:password@host:port, or smtps:// for TLS from the start")
    return value


TimeOfDay = Annotated[time, BeforeValidator(_time_of_day)]
TimeZoneName = Annotated[str, AfterValidator(_time_zone)]
Span = Annotated[timedelta, BeforeValidator(_span)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
SmtpUrl = Annotated[SecretStr, AfterValidator(_smtp_url)]
