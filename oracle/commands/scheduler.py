"""`oracle scheduler`: who leads, what ran, what is due."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from oracle.commands.running import EPILOG, finish, open_dependencies
from oracle.domain.wording import name_session

if TYPE_CHECKING:
    from oracle.services.read_scheduler_status import SchedulerStatus


@click.group(epilog=EPILOG)
def scheduler() -> None:
    """See what the scheduler does, which runs inside every `oracle serve`."""


@scheduler.command(epilog=EPILOG)
def status() -> None:
    """Say who leads, what ran last, what is outstanding, and when the next digest is due."""
    from oracle.services.read_scheduler_status import read_scheduler_status  # noqa: PLC0415 - see cli

    async def work() -> None:
        async with open_dependencies(quiet=False) as (deps, _):
            _render(Console(), await read_scheduler_status(deps))

    finish(work())


def _render(console: Console, status: SchedulerStatus) -> None:
    leadership = status.leadership
    if leadership is None or status.seen_ago is None:
        console.print("Nobody has ever led: no server has run on this database.")
    elif status.is_led:
        console.print(
            f"{leadership.holder} leads in epoch {leadership.epoch} since "
            f"{leadership.elected_at:%Y-%m-%d %H:%M:%S} UTC, "
            f"last seen {status.seen_ago.total_seconds():.0f} s ago.",
            highlight=False,
            soft_wrap=True,
        )
    else:
        console.print(
            f"Nobody leads. {leadership.holder} did in epoch {leadership.epoch}, "
            f"last seen {leadership.seen_at:%Y-%m-%d %H:%M:%S} UTC.",
            highlight=False,
            soft_wrap=True,
        )
    console.print(
        f"The next digest is due at {status.next_digest_at:%Y-%m-%d %H:%M} UTC; "
        f"the market's clock shows {status.now:%Y-%m-%d %H:%M}.",
        highlight=False,
        soft_wrap=True,
    )
    session = name_session(status.session)
    if status.outstanding:
        kinds = ", ".join(kind.value for kind in status.outstanding)
        console.print(f"Outstanding for {session}: {kinds}.", highlight=False, soft_wrap=True)
    else:
        console.print(
            f"Bars, forecast and settlement of {session} are done.", highlight=False, soft_wrap=True
        )
    console.print(status.digest, highlight=False, soft_wrap=True)
    table = Table("Work", "Session", "State", "At (UTC)", "Note")
    for run in status.last_runs:
        moment = run.finished_at or run.started_at
        table.add_row(
            run.kind.value,
            run.session.isoformat(),
            run.state.value,
            f"{moment:%Y-%m-%d %H:%M:%S}",
            run.reason,
        )
    if status.last_runs:
        console.print(table)
