"""`oracle digest send`, `resume` and `status`: the run of a session's digest, by hand."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from oracle.commands.running import EPILOG, Exit, finish, open_dependencies
from oracle.domain.runs import DeliveryState, RunState
from oracle.domain.wording import count_of, name_session

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from rich.console import Console

    from oracle.services.send_digest import DigestProgress

_SESSION = click.option(
    "--session",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The session, such as 2022-12-28 (default: the newest that has closed).",
)


@click.command(epilog=EPILOG)
@_SESSION
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@click.option(
    "--now",
    "early",
    is_flag=True,
    help="Do not wait for the digest's time of day: begin as soon as the session's close counts as "
    "final. Whoever confirms after that gets the next digest, not this one.",
)
def send(session: datetime | None, *, dry_run: bool, early: bool) -> None:
    """Send a session's digest to everybody who is confirmed when it begins.

    May be given any number of times, from anywhere, beside running servers: there is one run per
    session, and one mail per subscriber; given again, it sends what has not been sent yet. If
    another process leads, this one plans the run in its name and helps to send; else it leads for
    as long as it sends. It begins in the digest's window only (ORACLE_DIGEST_TIME and
    ORACLE_DIGEST_WINDOW), and waits there for closes that are not in yet.
    """
    from oracle.services.preview_sending import preview_sending  # noqa: PLC0415 - see cli
    from oracle.services.send_digest import send_digest  # noqa: PLC0415
    from oracle.services.subscriber_links import require_lasting_links  # noqa: PLC0415

    async def work() -> Exit:
        async with open_dependencies(quiet=False) as (deps, console):
            require_lasting_links(deps)
            day = None if session is None else session.date()
            if dry_run:
                preview = await preview_sending(deps, day, early=early)
                click.echo(preview.describe())
                return Exit.OK
            with console.status("Looking what is in …") as status:
                progress = await send_digest(
                    deps, day, early=early, show=showing(console, status.update)
                )
            click.echo(describe_progress(progress))
            return _exit_of(progress)

    sys.exit(finish(work()))


@click.command(epilog=EPILOG)
@_SESSION
def resume(session: datetime | None) -> None:
    """Let a stopped digest go on; what stopped it stops it no more.

    Look first why it was stopped: `oracle digest status` says so. The servers then go on sending,
    or the next `oracle digest send`.
    """
    from oracle.services.resume_digest import resume_digest  # noqa: PLC0415

    async def work() -> None:
        async with open_dependencies(quiet=False) as (deps, _):
            run = await resume_digest(deps, None if session is None else session.date())
            click.echo(
                f"The digest of {name_session(run.session)} goes on. "
                f"It was stopped because: {run.reason}"
            )

    finish(work())


@click.command(epilog=EPILOG)
@_SESSION
def status(session: datetime | None) -> None:
    """Say how far a session's digest is, and when it will be done."""
    from oracle.services.digest_outlook import describe_outlook  # noqa: PLC0415 - see cli
    from oracle.services.send_digest import choose_window, read_progress  # noqa: PLC0415

    async def work() -> Exit:
        async with open_dependencies(quiet=False) as (deps, _):
            window, agenda = await choose_window(deps, None if session is None else session.date())
            progress = await read_progress(deps, window.session)
            begun = progress.run is not None
            outlook = "" if begun else await describe_outlook(deps, window, agenda.now)
            click.echo(describe_progress(progress, outlook))
            return _exit_of(progress)

    sys.exit(finish(work()))


def showing(console: Console, update: Callable[[str], None]) -> Callable[[DigestProgress], None]:
    """Return what shows progress in place, and says in a line of its own that closes are awaited.

    Once: a log of many hours' waiting needs no more.
    """
    has_said = False

    def show(progress: DigestProgress) -> None:
        nonlocal has_said
        sentence = describe_progress(progress)
        update(sentence)
        if progress.awaited is not None and not has_said:
            has_said = True
            console.print(sentence, highlight=False, soft_wrap=True)

    return show


def describe_progress(progress: DigestProgress, outlook: str = "") -> str:
    """Return in words where the digest stands; `outlook` says what comes before its beginning."""
    name = f"The digest of {name_session(progress.session)}"
    run, counts = progress.run, progress.counts
    if run is None:
        awaited = "" if progress.awaited is None else progress.awaited.describe()
        return f"{name} has not been begun. {outlook or awaited}".rstrip()
    words = {
        RunState.PLANNED: "is being prepared",
        RunState.SENDING: "is being sent",
        RunState.STOPPED: "is stopped" + (" until it is resumed" if run.needs_hand else ""),
        RunState.FINISHED: "is finished",
        RunState.MISSED: "was missed",
    }
    figures = [f"{counts.of(state)} {state.value}" for state in DeliveryState if counts.of(state)]
    sentence = f"{name} {words[run.state]}: {count_of(counts.total, 'subscriber')}"
    sentence += f" ({', '.join(figures)})." if figures else "."
    if run.state is RunState.SENDING and progress.seconds_left > 0.0:
        left = timedelta(seconds=round(progress.seconds_left))
        sentence += f" It will take about {left} more."
    return f"{sentence} {run.reason}".rstrip()


def _exit_of(progress: DigestProgress) -> Exit:
    run = progress.run
    troubled = run is not None and run.state in {RunState.STOPPED, RunState.MISSED}
    left = progress.counts.of(DeliveryState.UNKNOWN, DeliveryState.EXPIRED)
    return Exit.FAILED if troubled or left else Exit.OK
