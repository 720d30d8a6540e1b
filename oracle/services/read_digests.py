"""Use cases of the archive: the digests that were, with what became of their predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from oracle.digest.content import DigestContent
from oracle.domain.errors import InvalidInput, UnknownDigest
from oracle.domain.forecasts import Origin
from oracle.domain.runs import RunKind, RunState
from oracle.domain.wording import name_session
from oracle.services.compose_digest import compose_digest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from oracle.domain.outcomes import Outcome
    from oracle.services.dependencies import Dependencies

LISTED: Final = 250
"""How many sessions the archive lists, the newest ones: about a year."""

_WITH_CONTENT: Final = (RunState.PLANNED, RunState.SENDING, RunState.STOPPED, RunState.FINISHED)


@dataclass(frozen=True, slots=True)
class ArchivedDigest:
    """A digest as its run froze it; `outcomes` holds, by symbol, what has been settled since."""

    content: DigestContent
    outcomes: Mapping[str, Outcome]


async def list_digests(deps: Dependencies, *, limit: int = LISTED) -> Sequence[DigestContent]:
    """Return the newest digests of this market's source. Raises DatabaseUnavailable."""
    async with deps.store.begin() as unit:
        runs = await unit.runs.list_runs(
            deps.feed.source, RunKind.DIGEST, limit=limit, states=_WITH_CONTENT
        )
    return tuple(DigestContent.from_json(run.content) for run in runs)


async def read_digest(deps: Dependencies, session: date) -> ArchivedDigest:
    """Return the session's digest. Raises UnknownDigest and DatabaseUnavailable."""
    source = deps.feed.source
    content = await _find_content(deps, session)
    if content is None:
        raise UnknownDigest(f"There is no digest of {name_session(session)}.")
    async with deps.store.begin() as unit:
        rows = await unit.outcomes.list_of_session(source, content.target)
    outcomes = {
        row.prediction.symbol: row.outcome
        for row in rows
        if row.outcome is not None
        and row.prediction.origin is Origin.LIVE
        and row.prediction.as_of == session
        and row.prediction.model_version == content.model_version
    }
    return ArchivedDigest(content, outcomes)


async def preview_digest(
    deps: Dependencies, session: date | None, symbols: Sequence[str] = ()
) -> DigestContent:
    """Return what the session's run has frozen, else what it would freeze now; store no run.

    None is the newest session whose close has settled. Raises InvalidInput for a day without a
    session, for one that is not over and for one of which nothing is stored and nothing can be
    forecast any more, and DatabaseUnavailable.
    """
    newest = deps.market.usable_session()
    day = newest if session is None else session
    if not deps.calendar.is_session(day):
        raise InvalidInput(f"The exchange did not trade on {name_session(day)}.")
    if day > newest:
        raise InvalidInput(
            f"{name_session(day)} is not over.", hint=f"The newest is {newest.isoformat()}."
        )
    frozen = await _find_content(deps, day)
    if frozen is not None:
        return frozen
    content = await compose_digest(deps, day, symbols or None)
    is_over = deps.clock.now() >= deps.calendar.session_close(content.target)
    if is_over and not any(item.predicted is not None for item in content.items):
        raise InvalidInput(
            f"Nothing was predicted on the evening of {name_session(day)}, and the close of "
            f"{name_session(content.target)} is known by now, so nothing can be any more.",
            hint="The pages under /digests show which evenings there are.",
        )
    return content


async def _find_content(deps: Dependencies, session: date) -> DigestContent | None:
    async with deps.store.begin() as unit:
        run = await unit.runs.find_run(deps.feed.source, RunKind.DIGEST, session)
    if run is None or run.state not in _WITH_CONTENT:
        return None
    return DigestContent.from_json(run.content)
