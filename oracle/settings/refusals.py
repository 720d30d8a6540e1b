"""The sentences with which settings are refused: the variable, its value, what is allowed."""

from __future__ import annotations

import difflib
import re
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from annotated_types import Ge, Gt, Le

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic.fields import FieldInfo

PREFIX = "ORACLE_"
_CREDENTIALS = re.compile(r"//[^/]*@")
SECRETS = frozenset({"SECRET_KEY", "DATABASE_URL", "SMTP_URL", "ADMIN_PASSWORD_HASH"})

# Oracle Database shares the prefix; its clients set these on machines that have them.
FOREIGN = frozenset(
    PREFIX + name for name in ("BASE", "HOME", "HOSTNAME", "PATH", "PDB_SID", "SID", "UNQNAME")
)


def refusal(field: str, value: object, allowed: str) -> str:
    """Return the sentence that refuses the field's value; secrets are never repeated in it."""
    name = field.upper()
    # Addresses may hold a name and a password before the host.
    harmless = _CREDENTIALS.sub("//…@", str(value))
    shown = "a value that is not shown here" if name in SECRETS else repr(harmless)
    return f"{PREFIX}{name} is {shown}; allowed: {allowed}."


def explain(error: Mapping[str, Any], fields: Mapping[str, FieldInfo]) -> str:
    """Return the sentence for one of pydantic's validation errors."""
    name = str(error["loc"][0])
    if name not in fields:
        return _unknown(PREFIX + name.upper(), fields)
    return refusal(name, error["input"], _allowed(error, fields[name]))


def refuse_unknown(names: Iterable[str], fields: Mapping[str, FieldInfo]) -> list[str]:
    """Return a sentence for each `ORACLE_*` variable that is no setting: mostly a typing error."""
    known = {PREFIX + field.upper() for field in fields} | FOREIGN
    return [
        _unknown(name, fields)
        for name in sorted(names)
        if name.upper().startswith(PREFIX) and name.upper() not in known
    ]


def _unknown(name: str, fields: Mapping[str, FieldInfo]) -> str:
    known = sorted(field.upper() for field in fields)
    close = difflib.get_close_matches(name.upper().removeprefix(PREFIX), known, n=1)
    advice = (
        f"did you mean {PREFIX}{close[0]}?"
        if close
        else f"allowed: {', '.join(PREFIX + field for field in known)}."
    )
    return f"{name} is set, but there is no such setting; {advice}"


def _allowed(error: Mapping[str, Any], field: FieldInfo) -> str:
    kind = field.annotation
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        *others, last = kind
        return f"{', '.join(others)} or {last}"
    if kind is int:
        return f"a whole number {_bounds(field)}"
    if kind is float:
        return f"a number {_bounds(field)}"
    return str(error["msg"])


def _bounds(field: FieldInfo) -> str:
    limits = {type(limit): limit for limit in field.metadata}
    if Gt in limits:
        return f"above {limits[Gt].gt:.12g} and up to {limits[Le].le:.12g}"
    return f"from {limits[Ge].ge:.12g} to {limits[Le].le:.12g}"
