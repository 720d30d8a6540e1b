"""The jobs, as a table: what runs, where, and how often it is asked whether something is due."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.services.keep_house import keep_house
from oracle.services.lead_digest import lead_digest
from oracle.services.observe_runs import observe_runs
from oracle.services.run_session_work import (
    hear_reports,
    prepare_session,
    refresh_prices,
    settle_session,
)
from oracle.services.send_deliveries import send_deliveries

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from oracle.services.dependencies import Dependencies


@dataclass(frozen=True, slots=True)
class Job:
    """A use case that every instance starts each `seconds`; it decides whether anything is due.

    One that `finishes` is given a moment to do so when the process stops.
    """

    name: str
    seconds: float
    work: Callable[[Dependencies], Awaitable[object]]
    finishes: bool = False


@dataclass(frozen=True, slots=True)
class LeaderJob:
    """As a job, but for the leader alone, whose epoch it is given."""

    name: str
    seconds: float
    work: Callable[[Dependencies, int], Awaitable[object]]
    finishes: bool = False


AnyJob = Job | LeaderJob

JOBS: tuple[AnyJob, ...] = (
    LeaderJob("prepare_session", 30.0, prepare_session),
    # Ten prices a time: a free feed bans who asks about forty times in a quarter of an hour.
    LeaderJob("refresh_prices", 600.0, refresh_prices),
    LeaderJob("settle_predictions", 300.0, settle_session),
    LeaderJob("lead_digest", 2.0, lead_digest),
    LeaderJob("read_mail_events", 2.0, hear_reports),
    LeaderJob("keep_house", 60.0, keep_house),
    LeaderJob("observe_runs", 15.0, observe_runs),
    Job("send_deliveries", 1.0, send_deliveries, finishes=True),
)
