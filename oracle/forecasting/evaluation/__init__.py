"""Rolling-origin evaluation: losses, baselines, and figures with their intervals; pure NumPy.

* `score_forecasts(point, quantiles, actual=, last=) -> Scores`: what is kept of each forecast.
* `score_baselines(closes, origins)`: the same of the simple methods.
* `Forecaster`: the function that can be evaluated; `read_answer` checks what it returned.
* `evaluate(outcomes, scores, baselines, generator) -> Evaluation`: all the figures.
* `state_verdict(evaluation)`: what they mean, in sentences; `standing` and `edge` of one figure.
"""

from oracle.forecasting.evaluation.baselines import Baseline, score_baselines
from oracle.forecasting.evaluation.calibration import Coverage, ReliabilityPoint
from oracle.forecasting.evaluation.forecaster import Forecaster, read_answer
from oracle.forecasting.evaluation.inference import BlockBootstrap, Estimate
from oracle.forecasting.evaluation.scores import BANDS, Outcomes, Scores, score_forecasts
from oracle.forecasting.evaluation.selection import Direction, Selection
from oracle.forecasting.evaluation.summary import (
    Comparison,
    Evaluation,
    NothingToScore,
    RollingFigures,
    Slice,
    evaluate,
)
from oracle.forecasting.evaluation.verdict import Verdict, edge, standing, state_verdict

__all__ = [
    "BANDS",
    "Baseline",
    "BlockBootstrap",
    "Comparison",
    "Coverage",
    "Direction",
    "Estimate",
    "Evaluation",
    "Forecaster",
    "NothingToScore",
    "Outcomes",
    "ReliabilityPoint",
    "RollingFigures",
    "Scores",
    "Selection",
    "Slice",
    "Verdict",
    "edge",
    "evaluate",
    "read_answer",
    "score_baselines",
    "score_forecasts",
    "standing",
    "state_verdict",
]
