"""What a feed delivered, before it is stored: complete sessions, believable prices.

A history is adjusted for splits throughout, so within one answer a split explains no jump; it
explains why a whole answer lies on another scale than what was stored before it. The accepted
answer replaces the stored rows of its sessions; `splicing` puts older ones on its scale.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite, prod
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from oracle.domain.errors import FeedRejected

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from oracle.domain.prices import FloatArray, PriceHistory, Quote, SessionArray, Split

Mask = NDArray[np.bool_]

MAX_JUMP = 0.40
"""A newly delivered close further than this from the one before it is not believed by itself."""

MAX_CONFIRMED_FACTOR = 4.0
"""A jump is believed once the next session stays there, but never one beyond this factor."""

UNIT_FACTOR = 10.0
"""A single close this many times above or below both its neighbours is a mix-up of units."""

UNCONFIRMED_ROWS = 5
"""When nothing is stored yet, this many of the newest rows count as newly delivered."""

MAX_WITHHELD = 3
MAX_WITHHELD_SHARE = 0.2
"""More rows withheld than both of these allow, and the whole answer is refused."""

ROUNDING = 0.005
"""How far, relatively, a close may lie outside the range from low to high."""


@dataclass(frozen=True, slots=True)
class WithheldRow:
    """A row that is not believed, and why."""

    session: date
    reason: str


@dataclass(frozen=True, slots=True)
class ValidatedHistory:
    """The rows that may be stored, and those that were withheld."""

    history: PriceHistory
    withheld: tuple[WithheldRow, ...] = ()


class ExchangeDays(Protocol):
    """The part of a trading calendar that says which days have a session."""

    def is_session(self, day: date) -> bool:
        """Return whether the exchange trades on that day."""
        ...


def complete_rows(
    history: PriceHistory, *, calendar: ExchangeDays, last_session: date
) -> PriceHistory:
    """Return the rows of sessions of the calendar up to `last_session`, which has closed.

    So the partial bar of a running session goes, and so do rows of the future and of holidays.
    """
    closed = history.up_to(last_session)
    days: list[date] = closed.sessions.astype("datetime64[D]").tolist()
    return select_rows(closed, np.array([calendar.is_session(day) for day in days], np.bool_))


def validate_history(
    history: PriceHistory,
    *,
    stored: PriceHistory | None = None,
    splits: Sequence[Split] = (),
) -> ValidatedHistory:
    """Return the rows that can be believed, given what was `stored` before and reported `splits`.

    Give it complete rows only. Single bad rows are withheld; FeedRejected is raised, with a
    sentence that names symbol, session and reason, when the answer as a whole cannot be true.
    """
    _check_order(history)
    known = _known_closes(history, stored)
    scale = _check_scale(history, known, stored, splits)
    reasons = _impossible_rows(history)
    _withhold_unit_mixups(history, reasons)
    _withhold_jumps(history, _suspects(history, known * scale, stored), splits, reasons)
    return _outcome(history, reasons)


def check_quote(quote: Quote, last_close: float | None) -> None:
    """Return when the quote can be believed beside the last close; raise FeedRejected if not."""
    if not isfinite(quote.price) or quote.price <= 0.0:
        raise FeedRejected(f"{quote.symbol}: the latest price is not a positive number.")
    if last_close is not None and _differ(quote.price, last_close):
        raise FeedRejected(
            f"{quote.symbol}: the latest price {quote.price:.6g} is more than {MAX_JUMP:.0%} "
            f"away from the last close {last_close:.6g}."
        )


def select_rows(history: PriceHistory, keep: Mask) -> PriceHistory:
    """Return the rows that the mask [T] keeps."""
    return replace(
        history,
        sessions=history.sessions[keep],
        open=history.open[keep],
        high=history.high[keep],
        low=history.low[keep],
        close=history.close[keep],
        adj_close=history.adj_close[keep],
        volume=history.volume[keep],
    )


def _check_order(history: PriceHistory) -> None:
    if not len(history):
        raise FeedRejected(f"{history.symbol}: the answer holds no complete session.")
    backwards = np.flatnonzero(np.diff(history.sessions) <= np.timedelta64(0, "D"))
    if backwards.size:
        session = history.sessions[backwards[0] + 1]
        raise FeedRejected(
            f"{history.symbol}: session {session} is delivered twice or out of order."
        )


def _known_closes(history: PriceHistory, stored: PriceHistory | None) -> FloatArray:
    """Return the stored closes [T] of the delivered sessions, NaN where there is none."""
    known = np.full(len(history), np.nan)
    if stored is not None and len(stored):
        common, here, there = np.intersect1d(history.sessions, stored.sessions, return_indices=True)
        if common.size:
            known[here] = stored.close[there]
    return known


def _check_scale(
    history: PriceHistory,
    known: FloatArray,
    stored: PriceHistory | None,
    splits: Sequence[Split],
) -> float:
    """Return the factor from stored to delivered closes: 1, or that of newly reported splits."""
    usable = np.isfinite(known) & (known > 0.0) & np.isfinite(history.close) & (history.close > 0.0)
    if stored is None or not usable.any():
        return 1.0
    factor = float(np.exp(np.median(np.log(history.close[usable] / known[usable]))))
    if not _differ(factor, 1.0):
        return 1.0
    newest = stored.last_session
    since = [split.ratio for split in splits if newest is None or split.session > newest]
    expected = 1.0 / prod(since)
    if since and not _differ(factor, expected):
        return expected
    raise FeedRejected(
        f"{history.symbol}: the closes up to {newest} are {factor:.3g} times what they were, "
        "and no split is reported that explains it."
    )


def _impossible_rows(history: PriceHistory) -> dict[int, str]:
    """Return, by row, why it cannot be true by itself."""
    close, high, low = history.close, history.high, history.low
    # Comparisons with NaN are false: a check applies only where both prices were given.
    with np.errstate(invalid="ignore"):
        checks: tuple[tuple[Mask, str], ...] = (
            (~(np.isfinite(close) & (close > 0.0)), "the close is not a positive number"),
            (
                ~(np.isfinite(history.adj_close) & (history.adj_close > 0.0)),
                "the adjusted close is not a positive number",
            ),
            (high < low, "the high is below the low"),
            (
                (close > high * (1.0 + ROUNDING)) | (close < low * (1.0 - ROUNDING)),
                "the close lies outside the range from low to high",
            ),
        )
    reasons: dict[int, str] = {}
    for mask, reason in checks:
        for row in np.flatnonzero(mask).tolist():
            reasons.setdefault(row, reason)
    return reasons


def _withhold_unit_mixups(history: PriceHistory, reasons: dict[int, str]) -> None:
    rows = [row for row in range(len(history)) if row not in reasons]
    steps = np.diff(np.log(history.close[rows]))
    far = np.log(UNIT_FACTOR)
    out_and_back = (np.abs(steps[:-1]) > far) & (np.abs(steps[1:]) > far)
    opposite = steps[:-1] * steps[1:] < 0.0
    for index in np.flatnonzero(out_and_back & opposite).tolist():
        reasons[rows[index + 1]] = (
            f"the close is over {UNIT_FACTOR:.0f} times off those before and after"
        )


def _suspects(history: PriceHistory, known: FloatArray, stored: PriceHistory | None) -> Mask:
    """Return the mask [T] of rows that are new, or far from the close stored for the session."""
    if stored is None or not len(stored):
        return np.arange(len(history)) >= len(history) - UNCONFIRMED_ROWS
    with np.errstate(invalid="ignore", divide="ignore"):
        changed = np.abs(history.close / known - 1.0) > MAX_JUMP
    added = np.isnan(known) & (history.sessions > stored.sessions[0])
    return np.asarray(added | changed, dtype=np.bool_)


def _withhold_jumps(
    history: PriceHistory, suspects: Mask, splits: Sequence[Split], reasons: dict[int, str]
) -> None:
    rows = [row for row in range(len(history)) if row not in reasons]
    close = history.close
    previous: int | None = None
    for position, row in enumerate(rows):
        following = rows[position + 1] if position + 1 < len(rows) else None
        if previous is not None and suspects[row] and _differ(close[row], close[previous]):
            _refuse_unadjusted_split(history, previous, row, splits)
            if not _is_confirmed(close, previous, row, following):
                change = close[row] / close[previous] - 1.0
                reasons[row] = (
                    f"the close {close[row]:.6g} is {change:+.0%} from the one before, "
                    "and no later session confirms it"
                )
                continue
        previous = row


def _is_confirmed(close: FloatArray, previous: int, row: int, following: int | None) -> bool:
    """Return whether the next session stays on the level that the row jumped to."""
    factor = close[row] / close[previous]
    believable = 1.0 / MAX_CONFIRMED_FACTOR < factor < MAX_CONFIRMED_FACTOR
    return bool(following is not None and believable and not _differ(close[following], close[row]))


def _refuse_unadjusted_split(
    history: PriceHistory, previous: int, row: int, splits: Sequence[Split]
) -> None:
    """Raise FeedRejected when the jump is a split for which earlier prices are not adjusted yet."""
    between = [
        split.ratio
        for split in splits
        if history.sessions[previous] < np.datetime64(split.session, "D") <= history.sessions[row]
    ]
    if between and not _differ(history.close[row] * prod(between), history.close[previous]):
        raise FeedRejected(
            f"{history.symbol}: a split is reported by session {history.sessions[row]}, "
            "but the prices before it are not adjusted for it."
        )


def _outcome(history: PriceHistory, reasons: dict[int, str]) -> ValidatedHistory:
    rows = len(history)
    if len(reasons) == rows or len(reasons) > max(MAX_WITHHELD, MAX_WITHHELD_SHARE * rows):
        first = min(reasons)
        raise FeedRejected(
            f"{history.symbol}: {len(reasons)} of {rows} sessions cannot be true; "
            f"in that of {history.sessions[first]} {reasons[first]}."
        )
    keep = np.ones(rows, dtype=np.bool_)
    keep[list(reasons)] = False
    withheld = tuple(
        WithheldRow(_day(history.sessions, row), reason) for row, reason in sorted(reasons.items())
    )
    return ValidatedHistory(select_rows(history, keep) if withheld else history, withheld)


def _day(sessions: SessionArray, row: int) -> date:
    day: date = sessions[row].astype("datetime64[D]").item()
    return day


def _differ(price: float, reference: float) -> bool:
    """Return whether the price is further than MAX_JUMP from the reference."""
    return bool(abs(price / reference - 1.0) > MAX_JUMP)
