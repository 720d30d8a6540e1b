"""What an evaluation shows, in plain sentences that follow from its figures alone."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from oracle.domain.wording import write_share
from oracle.forecasting.evaluation.baselines import Baseline
from oracle.forecasting.evaluation.scores import BANDS

if TYPE_CHECKING:
    from oracle.forecasting.evaluation.inference import Estimate
    from oracle.forecasting.evaluation.summary import Evaluation

SURE = 2.0
"""An absolute t of at least this, and an interval that agrees, tell a difference from chance."""

CALIBRATED = 0.01
"""A coverage within one percentage point is called right."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One sentence for the heading, and those that bear it out."""

    headline: str
    sentences: tuple[str, ...]


def state_verdict(evaluation: Evaluation) -> Verdict:
    """Return whether the ranges are sharper, whether they are right, and what is not shown."""
    crps = evaluation.against(Baseline.EWMA).crps_ratio
    return Verdict(
        headline=_headline(crps, _keeping(evaluation)),
        sentences=(
            _sharpness(evaluation),
            _calibration(evaluation),
            _point(evaluation.against(Baseline.LAST_CLOSE).error_ratio),
            _choice(evaluation),
        ),
    )


def standing(estimate: Estimate) -> str:
    """Return `better`, `worse` or `no different` for a loss ratio, by its t and its interval.

    Both have to tell a difference from chance; where there are too few days for an interval
    nothing is said.
    """
    if estimate.t <= -SURE and estimate.upper < 1.0:
        return "better"
    if estimate.t >= SURE and estimate.lower > 1.0:
        return "worse"
    return "no different"


def edge(estimate: Estimate) -> str:
    """Return `better`, `worse` or `no different` for what is zero without skill, as `standing`."""
    if estimate.t >= SURE and estimate.lower > 0.0:
        return "better"
    if estimate.t <= -SURE and estimate.upper < 0.0:
        return "worse"
    return "no different"


def _keeping(evaluation: Evaluation) -> str:
    """Return `kept`, `broken` or `unknown`: whether coverage is what was stated.

    It is broken only where a coverage is further off than a point and its interval excludes the
    stated level: with few sessions, or an interval that holds it, that may be chance.
    """
    off = [one for one in evaluation.coverage if abs(one.error) > CALIBRATED]
    if not off:
        return "kept"
    sure = [one for one in off if not one.observed.lower <= one.level <= one.observed.upper]
    told = [one for one in sure if isfinite(one.observed.lower) and isfinite(one.observed.upper)]
    return "broken" if told else "unknown"


def _headline(crps: Estimate, keeping: str) -> str:
    ranges = {
        "better": "Its ranges are sharper than the usual ones",
        "worse": "Its ranges are worse than the usual ones",
        "no different": "Its ranges are no better than the usual ones",
    }[standing(crps)]
    if keeping == "unknown":
        return f"{ranges}; whether they hold what they promise cannot be told from these sessions."
    good = standing(crps) == "better"
    joint = "and" if (keeping == "kept") == good else "but"
    kept = (
        "they hold what they promise" if keeping == "kept" else "they do not hold what they promise"
    )
    return f"{ranges}, {joint} {kept}."


def _sharpness(evaluation: Evaluation) -> str:
    ewma, rolling = (
        _comparison(evaluation.against(baseline).crps_ratio, name)
        for baseline, name in (
            (Baseline.EWMA, "an EWMA Gaussian range"),
            (Baseline.ROLLING, "the rolling empirical one"),
        )
    )
    return f"By CRPS the distribution is {ewma} and {rolling}."


def _comparison(ratio: Estimate, name: str) -> str:
    difference = write_share(100.0 * abs(1.0 - ratio.value), 1)
    if standing(ratio) == "no different":
        side = "smaller" if ratio.value < 1.0 else "larger"
        return f"no different from {name} (its loss is {difference} {side}, which may be chance)"
    return f"{difference} {standing(ratio)} than {name}"


def _calibration(evaluation: Evaluation) -> str:
    shares = [write_share(100.0 * one.observed.value, 1) for one in evaluation.coverage]
    stated = [write_share(100.0 * level) for level in BANDS]
    return (
        f"Of the closes, {shares[0]}, {shares[1]} and {shares[2]} fell into the {stated[0]}, "
        f"{stated[1]} and {stated[2]} ranges; the largest error is "
        f"{100.0 * abs(_worst_error(evaluation)):.1f} points."
    )


def _point(ratio: Estimate) -> str:
    difference = write_share(100.0 * abs(1.0 - ratio.value), 2)
    side = "smaller" if ratio.value < 1.0 else "larger"
    if standing(ratio) == "no different":
        return (
            "In point error it is no better than \N{LEFT DOUBLE QUOTATION MARK}tomorrow is like "
            f"today\N{RIGHT DOUBLE QUOTATION MARK}: {difference} {side}, which may be chance."
        )
    return (
        f"In point error it is {difference} {standing(ratio)} than \N{LEFT DOUBLE QUOTATION MARK}"
        "tomorrow is like today\N{RIGHT DOUBLE QUOTATION MARK}."
    )


def _choice(evaluation: Evaluation) -> str:
    selection = evaluation.selection
    shown = [
        name
        for name, estimate in (
            ("direction", selection.direction.advantage),
            ("ranking", selection.rank_correlation),
            ("the top pick", selection.top_pick),
        )
        if estimate is not None and edge(estimate) == "better"
    ]
    if not shown:
        return "It shows no edge in direction, in ranking stocks, or in its top pick."
    return f"It shows an edge over chance in {' and '.join(shown)}; costs are not in that figure."


def _worst_error(evaluation: Evaluation) -> float:
    return max((one.error for one in evaluation.coverage), key=abs)
