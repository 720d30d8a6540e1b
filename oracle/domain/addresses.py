"""E-mail addresses, read strictly: what is accepted can be written to by every mailer."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

from oracle.domain.errors import InvalidAddress
from oracle.domain.subscribers import EmailAddress

LONGEST_ADDRESS = 254
_SHOWN = 1


def parse_address(text: str) -> EmailAddress:
    """Return the address in the one form it is written in on mail, which is pure ASCII.

    An internationalised domain becomes its ASCII form (xn--). White space around the address is
    ignored. The key folds the case of both parts: servers that tell Name@ from name@ are a
    curiosity, people who write their own address in both ways are not. Whether the domain takes
    mail is not asked. Raises InvalidAddress, whose text never repeats the address.
    """
    written = text.strip()
    if not written:
        raise InvalidAddress("No e-mail address was given.")
    if len(written) > LONGEST_ADDRESS:
        raise InvalidAddress(f"The address is longer than {LONGEST_ADDRESS} characters.")
    if "@" in written and not written.rpartition("@")[0].isascii():
        raise InvalidAddress(
            "Before the @ only letters without accents, digits and signs can be written to."
        )
    try:
        valid = validate_email(
            written, check_deliverability=False, allow_smtputf8=False, strict=True
        )
    except EmailNotValidError:
        # The library's own words may quote the address.
        raise InvalidAddress("That is not an e-mail address that mail can be sent to.") from None
    ascii_text = valid.ascii_email
    if ascii_text is None or len(ascii_text) > LONGEST_ADDRESS:
        raise InvalidAddress(f"The address is longer than {LONGEST_ADDRESS} characters.")
    return EmailAddress(text=ascii_text, key=ascii_text.casefold())


def mask_address(address: str) -> str:
    """Return the address as it may be shown to whoever holds a link: `a•••@example.org`.

    Its owner recognises it; who was merely forwarded the mail does not learn it.
    """
    local, _, domain = address.rpartition("@")
    return f"{local[:_SHOWN]}•••@{domain}"
