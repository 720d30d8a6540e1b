"""`oracle admin`: the hash of the admin's password."""

from __future__ import annotations

import sys

import click

from oracle.commands.running import EPILOG, Refusal
from oracle.domain.errors import InvalidInput


@click.group(epilog=EPILOG)
def admin() -> None:
    """Prepare the pages of the admin."""


@admin.command("hash-password", epilog=EPILOG)
def hash_password() -> None:
    """Print what ORACLE_ADMIN_PASSWORD_HASH is to be.

    The password is asked for, twice and unseen, or read as the first line of standard input. It is
    never an argument, which other users of the machine and the shell's history would see.
    """
    from oracle.services.admin_access import hash_password as hash_it  # noqa: PLC0415

    if sys.stdin.isatty():
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    try:
        click.echo(hash_it(password))
    except InvalidInput as error:
        raise Refusal(error) from error
