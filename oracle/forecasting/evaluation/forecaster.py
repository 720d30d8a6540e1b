"""The function that can be evaluated, and the check of what it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from oracle.domain.errors import InvalidForecaster
from oracle.domain.forecasts import LEVELS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oracle.domain.prices import FloatArray


MAX_PRICE = 1e9
"""No share costs more than this in any currency; sums of squares of more lose their meaning."""


class Forecaster(Protocol):
    """Prices up to a session in, the next session's closes out; it keeps nothing between calls."""

    def __call__(
        self,
        closes: FloatArray,
        *,
        open: FloatArray | None,  # noqa: A002 - the field's own word, part of the interface.
        high: FloatArray | None,
        low: FloatArray | None,
        levels: FloatArray | None,
    ) -> Mapping[str, Any]:
        """Return `point` [S], `quantiles` [S, Q] and `levels` [Q] from prices [T, S]."""
        ...


def read_answer(answer: object, stocks: int) -> tuple[FloatArray, FloatArray]:
    """Return the point [S] and the quantiles [S, 39] that a forecaster answered at LEVELS.

    A stock whose point or quantiles have a NaN counts as abstained, wholly NaN. Raises
    InvalidForecaster when the answer has another form, or holds what can be no price.
    """
    point = _part(answer, "point", (stocks,))
    quantiles = _part(answer, "quantiles", (stocks, len(LEVELS)))
    levels = _part(answer, "levels", (len(LEVELS),))
    if not np.allclose(levels, LEVELS, rtol=0.0, atol=1e-12):
        raise InvalidForecaster("It answered at other levels than it was asked for.")
    _check_prices(point, quantiles)
    spoken = ~np.isnan(point) & ~np.isnan(quantiles).any(axis=1)
    return np.where(spoken, point, np.nan), np.where(spoken[:, None], quantiles, np.nan)


def _check_prices(point: FloatArray, quantiles: FloatArray) -> None:
    """Raise InvalidForecaster for what can be no price, however it is scored."""
    answered = np.concatenate([point, quantiles.ravel()])
    # NaN abstains; infinity is an answer, and a wrong one.
    answered = answered[~np.isnan(answered)]
    wrong = answered[(answered <= 0.0) | (answered > MAX_PRICE)]
    if wrong.size:
        raise InvalidForecaster(
            f"It answered {wrong[0]:.6g}; a price is above 0 and at most {MAX_PRICE:.0e}."
        )


def _part(answer: object, name: str, shape: tuple[int, ...]) -> FloatArray:
    try:
        values = np.asarray(answer[name], dtype=np.float64)  # type: ignore[index]
    except (KeyError, IndexError) as error:
        raise InvalidForecaster(f"Its answer has no {name}.") from error
    except (TypeError, ValueError) as error:
        raise InvalidForecaster(f"Its answer holds no numbers as {name}.") from error
    if values.shape != shape:
        raise InvalidForecaster(
            f"Its answer has {name} of the shape {values.shape}; {shape} is expected."
        )
    return values
