"""Column types that read back exactly what was written, on every database alike."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, DateTime, Double, Integer, Text
from sqlalchemy.dialects.mysql import DATETIME, MEDIUMTEXT
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

RowId = BigInteger().with_variant(Integer(), "sqlite")
"""A surrogate key; SQLite numbers rows by itself in INTEGER columns alone."""

LongText = Text().with_variant(MEDIUMTEXT(), "mysql")
"""Text that may exceed the 64 KB of a MySQL TEXT."""


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware in, aware UTC out, to the microsecond. Naive values are refused."""

    impl = DateTime().with_variant(DATETIME(fsp=6), "mysql")
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the instant as UTC without a zone, which is what the column holds."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"an instant without a time zone cannot be stored: {value!r}")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the stored instant, aware, in UTC."""
        del dialect
        return None if value is None else value.replace(tzinfo=UTC)


class Real(TypeDecorator[float]):
    """A double that keeps every bit; a missing number (None or NaN) is NULL, and reads as None.

    Infinities are refused, since MySQL knows none. Negative zero is stored as zero, which is what
    SQLite makes of it.
    """

    impl = Double
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: Dialect) -> float | None:
        """Return a plain finite float, or None for NULL."""
        del dialect
        if value is None or math.isnan(value):
            return None
        if math.isinf(value):
            raise ValueError("an infinite number cannot be stored")
        return float(value) + 0.0


class JsonList(TypeDecorator[tuple[Any, ...]]):
    """A tuple of numbers or texts as a JSON array in a text column; floats keep every bit.

    Plain text, since the databases disagree on how a JSON column is compared and rounded.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[Any, ...] | None, dialect: Dialect) -> str | None:
        """Return the JSON array. Raises ValueError for NaN and infinities."""
        del dialect
        if value is None:
            return None
        return json.dumps(list(value), allow_nan=False, ensure_ascii=False, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[Any, ...] | None:
        """Return the array as a tuple."""
        del dialect
        return None if value is None else tuple(json.loads(value))
