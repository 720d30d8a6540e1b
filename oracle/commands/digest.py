"""`oracle digest`: what the evening mail says, and its sending by hand."""

from __future__ import annotations

import click

from oracle.commands.digest_sending import resume, send, status
from oracle.commands.running import EPILOG


@click.group(epilog=EPILOG)
def digest() -> None:
    """The evening digest: send it, see how far it is, let a stopped one go on."""


digest.add_command(send)
digest.add_command(resume)
digest.add_command(status)
