"""The types of settings that protect: passwords, certificates, stores; as `values`, see there."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr

from oracle.settings.values import Environment, Word

if TYPE_CHECKING:
    from urllib.parse import SplitResult

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ARGON2ID = re.compile(
    r"\$argon2id\$v=19\$m=(?P<memory>\d{1,9}),t=(?P<rounds>\d{1,4}),p=\d{1,4}"
    r"\$[A-Za-z0-9+/]{11,}\$[A-Za-z0-9+/]{21,}"
)
_LEAST_MEMORY = 19 * 1024
_MOST_MEMORY = 1024 * 1024
_SECRET = re.compile(r"[A-Za-z0-9/_+=.@:!-]{1,512}")


class DatabaseTls(Word):
    """Whether the way to MySQL is encrypted, and whether it is known who is at its end."""

    OFF = "off"
    REQUIRED = "required"
    VERIFY = "verify"


def _bucket(value: str) -> str:
    if value and not _BUCKET.fullmatch(value):
        raise ValueError("the name of a bucket: 3 to 63 small letters, digits, dots and dashes")
    return value


def _password_hash(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    match = _ARGON2ID.fullmatch(text)
    if text and not (match and _LEAST_MEMORY <= int(match["memory"]) <= _MOST_MEMORY):
        raise ValueError(
            "what `oracle admin hash-password` prints, in single quotes where a shell reads it"
        )
    return value


def _secret_name(value: str) -> str:
    if value and not _SECRET.fullmatch(value):
        raise ValueError("the name or ARN of a secret in AWS Secrets Manager")
    return value


def is_server(database_url: str) -> bool:
    """Return whether the database is a server, and no file of this machine."""
    return not database_url.startswith("sqlite")


def has_credentials(database_url: str) -> bool:
    """Return whether a user or a password stands in the address."""
    return urlsplit(database_url).netloc.rpartition("@")[0] != ""


def is_elsewhere(database_url: str) -> bool:
    """Return whether the way to the database leaves this machine."""
    if not is_server(database_url):
        return False
    parts: SplitResult = urlsplit(database_url)
    host = parts.hostname or ""
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return host.rstrip(".") != "localhost"


def tls_by_default(values: dict[str, Any]) -> DatabaseTls:
    """Return `verify` in production for a database elsewhere, else `off`."""
    url = values.get("database_url", SecretStr("sqlite:")).get_secret_value()
    is_production = values.get("environment") is Environment.PRODUCTION
    return DatabaseTls.VERIFY if is_production and is_elsewhere(url) else DatabaseTls.OFF


BucketName = Annotated[str, AfterValidator(_bucket)]
PasswordHash = Annotated[SecretStr, AfterValidator(_password_hash)]
SecretName = Annotated[str, AfterValidator(_secret_name)]
