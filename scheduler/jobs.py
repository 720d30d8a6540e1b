"""The jobs, as a table: what runs, and how often it is asked whether something is due."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.services.prepare_session import prepare_session, refresh_prices
from oracle.services.settle_predictions import settle_predictions

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from oracle.services.dependencies import Dependencies


@dataclass(frozen=True, slots=True)
class Job:
    """A use case that is started every `seconds`; it decides itself whether anything is due."""

    name: str
    seconds: float
    work: Callable[[Dependencies], Awaitable[object]]


JOBS: tuple[Job, ...] = (
    Job("prepare_session", 30.0, prepare_session),
    # Ten prices a time: a free feed bans who asks about forty times in a quarter of an hour.
    Job("refresh_prices", 600.0, refresh_prices),
    Job("settle_predictions", 300.0, settle_predictions),
)
