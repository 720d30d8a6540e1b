"""Column types refuse what could not be read back."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from oracle.adapters.sql.column_types import JsonList, Real, UtcDateTime

DIALECT = sqlite.dialect()


def test_a_naive_time_is_refused() -> None:
    """A time without a zone could be any instant."""
    with pytest.raises(ValueError, match="without a time zone"):
        UtcDateTime().process_bind_param(datetime(2022, 12, 28), DIALECT)  # noqa: DTZ001 -- The point.


def test_a_time_of_another_zone_is_stored_in_utc() -> None:
    """The column holds UTC, and reading gives an aware time."""
    there = datetime(2022, 12, 28, 16, 30, tzinfo=timezone(timedelta(hours=-5)))
    stored = UtcDateTime().process_bind_param(there, DIALECT)
    assert stored == datetime(2022, 12, 28, 21, 30)  # noqa: DTZ001 -- What the column holds.
    assert UtcDateTime().process_result_value(stored, DIALECT) == there.astimezone(UTC)


@pytest.mark.parametrize("value", [None, math.nan])
def test_a_missing_number_is_null(value: float | None) -> None:
    """Neither None nor NaN becomes a number."""
    assert Real().process_bind_param(value, DIALECT) is None


@pytest.mark.parametrize("value", [math.inf, -math.inf])
def test_an_infinite_number_is_refused(value: float) -> None:
    """MySQL has none, and no price is one."""
    with pytest.raises(ValueError, match="infinite"):
        Real().process_bind_param(value, DIALECT)


def test_negative_zero_is_stored_as_zero() -> None:
    """All databases then hold the same."""
    stored = Real().process_bind_param(-0.0, DIALECT)
    assert stored is not None
    assert math.copysign(1.0, stored) == 1.0


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False)))
def test_numbers_in_json_keep_every_bit(values: list[float]) -> None:
    """What is read is what was written, for any finite doubles."""
    stored = JsonList().process_bind_param(tuple(values), DIALECT)
    found = JsonList().process_result_value(stored, DIALECT)
    assert found is not None
    assert [value.hex() for value in found] == [value.hex() for value in values]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_texts_in_json_come_back(values: list[str]) -> None:
    """Any text does, quotes and control characters included."""
    stored = JsonList().process_bind_param(tuple(values), DIALECT)
    assert JsonList().process_result_value(stored, DIALECT) == tuple(values)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_json_holds_no_number_that_is_none(value: float) -> None:
    """A NaN in JSON is no JSON."""
    with pytest.raises(ValueError, match="JSON"):
        JsonList().process_bind_param((value,), DIALECT)
