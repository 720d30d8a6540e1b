"""What a digest says, as figures: frozen when its run is planned, the same for everybody."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final, Self

from oracle.domain.instruments import Source

FORM: Final = 1
"""Stands in the JSON, so that what was frozen in an older shape is not misread."""


class Mark(StrEnum):
    """Why a stock has no predicted value, if it has none.

    `abstained`: nothing honest can be said of it. `missing`: the session's close is not in.
    """

    NONE = "none"
    ABSTAINED = "abstained"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class DigestItem:
    """One stock: its last close and what is predicted of the next one, or why nothing is.

    `price` is the close of `price_of`, which is an older session than the digest's own where that
    close is missing; both are None where nothing is known at all. `lower` and `upper` are the 80 %
    range. `reasons` say what moved the prediction or, of a marked stock, why it has none.
    """

    symbol: str
    name: str
    currency: str
    price: float | None
    price_of: date | None
    predicted: float | None
    lower: float | None
    upper: float | None
    score: float | None
    mark: Mark
    reasons: tuple[str, ...]

    @property
    def change_percent(self) -> float | None:
        """The predicted change from `price`, in per cent."""
        return percent_between(self.price, self.predicted)


@dataclass(frozen=True, slots=True)
class DigestResult:
    """What was predicted of the session that has just closed, and its close, once that is known.

    All prices are those of the prediction: splits and dividends since are taken back.
    """

    symbol: str
    name: str
    currency: str
    price: float
    predicted: float
    lower: float
    upper: float
    actual: float | None

    @property
    def predicted_percent(self) -> float | None:
        """The change that was predicted, in per cent."""
        return percent_between(self.price, self.predicted)

    @property
    def actual_percent(self) -> float | None:
        """The change that came, in per cent; None while the close is not known."""
        return percent_between(self.price, self.actual)

    @property
    def range_held(self) -> bool | None:
        """Whether the close fell into the 80 % range; None while it is not known."""
        return None if self.actual is None else self.lower <= self.actual <= self.upper


@dataclass(frozen=True, slots=True)
class LastNight:
    """How the predictions for the session that has just closed turned out.

    They were made from the close of `as_of`. `pick` is the result of what was named best buy then,
    None where none was; `was_ranked` says whether anything was ranked at all.
    """

    as_of: date
    was_ranked: bool
    pick: DigestResult | None
    results: tuple[DigestResult, ...]

    @property
    def settled(self) -> int:
        """Of how many stocks the close is known."""
        return sum(result.range_held is not None for result in self.results)

    @property
    def held(self) -> int:
        """How many of those closes fell into the 80 % range."""
        return sum(result.range_held is True for result in self.results)


@dataclass(frozen=True, slots=True)
class BestBuy:
    """The stock of the list with the most expected return for its risk, and the reason.

    `covers_costs`: more is expected of it than buying and selling it costs.
    """

    symbol: str
    reason: str
    covers_costs: bool


@dataclass(frozen=True, slots=True)
class DigestContent:
    """Everything that a session's digest says to anybody.

    Predictions are made from the close of `session` for that of `target`. `listed` are the symbols
    of the list that is shown, in its order; `items` and `last_night` know these and, in what a run
    freezes, every other symbol that a subscriber chose. `is_own_list` marks a subscriber's own.
    """

    source: Source
    session: date
    target: date
    model_version: str
    listed: tuple[str, ...]
    items: tuple[DigestItem, ...]
    last_night: LastNight | None
    is_own_list: bool = False

    @property
    def rows(self) -> tuple[DigestItem, ...]:
        """The listed stocks: the most expected return for its risk first, marked ones last."""
        known = {item.symbol: item for item in self.items}
        listed = [known[symbol] for symbol in self.listed if symbol in known]
        return tuple(sorted(listed, key=_place))

    @property
    def is_ranked(self) -> bool:
        """Whether anything could be said of any listed stock."""
        return any(item.score is not None for item in self.rows)

    @property
    def current(self) -> int:
        """How many of the listed stocks have the close of this very session."""
        return sum(item.price_of == self.session for item in self.rows)

    def to_json(self) -> str:
        """Return the content as JSON; numbers keep every digit, and are never NaN or infinite."""
        return json.dumps(
            {"form": FORM, **asdict(self)},
            default=_write_date,
            ensure_ascii=False,
            allow_nan=False,
            separators=(",", ":"),
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the content that `to_json` wrote. Raises ValueError for anything else."""
        try:
            fields = json.loads(text)
            _require_form(fields["form"])
            return cls(
                source=Source(fields["source"]),
                session=date.fromisoformat(fields["session"]),
                target=date.fromisoformat(fields["target"]),
                model_version=fields["model_version"],
                listed=tuple(fields["listed"]),
                items=tuple(_read_item(each) for each in fields["items"]),
                last_night=_read_last_night(fields["last_night"]),
                is_own_list=fields["is_own_list"],
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"This is not the content of a digest: {error}") from error


def percent_between(earlier: float | None, later: float | None) -> float | None:
    """Return the change in per cent, or None where either price is not known."""
    if earlier is None or later is None:
        return None
    return 100.0 * (later / earlier - 1.0)


def _place(item: DigestItem) -> tuple[bool, float, str]:
    score = item.score
    return (score is None, 0.0 if score is None else -score, item.symbol)


def _require_form(form: object) -> None:
    if form != FORM:
        raise ValueError(f"the form {form!r} is not known")


def _write_date(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is no part of a digest")


def _read_item(fields: dict[str, Any]) -> DigestItem:
    price_of = fields["price_of"]
    return DigestItem(
        **fields
        | {
            "price_of": None if price_of is None else date.fromisoformat(price_of),
            "mark": Mark(fields["mark"]),
            "reasons": tuple(fields["reasons"]),
        }
    )


def _read_last_night(fields: dict[str, Any] | None) -> LastNight | None:
    if fields is None:
        return None
    pick = fields["pick"]
    return LastNight(
        as_of=date.fromisoformat(fields["as_of"]),
        was_ranked=fields["was_ranked"],
        pick=None if pick is None else DigestResult(**pick),
        results=tuple(DigestResult(**each) for each in fields["results"]),
    )
