"""Use case: let a digest that was stopped go on, by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.domain.errors import MailingRefused
from oracle.domain.runs import RunKind, RunState
from oracle.domain.wording import name_session
from oracle.services.lead_digest import RESUMED_BY_HAND

if TYPE_CHECKING:
    from datetime import date

    from oracle.domain.runs import Run
    from oracle.services.dependencies import Dependencies


async def resume_digest(deps: Dependencies, session: date | None = None) -> Run:
    """Let the stopped run of that session (None: the newest) go on, and return it as it was.

    The share that had stopped it stops it no more: a person has seen it. Raises MailingRefused if
    no run is stopped or its window is over, and DatabaseUnavailable.
    """
    async with deps.store.begin() as unit:
        stopped = await unit.runs.list_runs(
            deps.feed.source, RunKind.DIGEST, limit=30, states=[RunState.STOPPED]
        )
        run = next((each for each in stopped if session in {None, each.session}), None)
        if run is None:
            if session is None:
                raise MailingRefused("No digest is stopped.")
            begun = await unit.runs.find_run(deps.feed.source, RunKind.DIGEST, session)
            state = (
                "has not been begun" if begun is None else f"is {begun.state.value}, not stopped"
            )
            raise MailingRefused(
                f"The digest of {name_session(session)} {state}.",
                hint="`oracle digest status --session` says more.",
            )
        if run.expires_at is not None and await unit.epochs.now() >= run.expires_at:
            raise MailingRefused(f"The time for the digest of {name_session(run.session)} is over.")
        resumed = await unit.runs.change_state(
            run.id,
            epoch=run.epoch,
            expected=RunState.STOPPED,
            state=RunState.SENDING,
            reason=RESUMED_BY_HAND,
        )
    if not resumed:
        raise MailingRefused("Another leader took the run over just now.", hint="Try again.")
    return run
