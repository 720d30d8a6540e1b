"""What is wrong with settings that are each allowed by themselves: how they fit together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.settings.protected_values import (
    DatabaseTls,
    has_credentials,
    is_elsewhere,
    is_server,
)
from oracle.settings.refusals import refusal
from oracle.settings.values import MailerKind, Market

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oracle.settings.model import Settings

WATCHLIST_SIZE = 10
MIN_POOL = 20
MIN_SECRET_LENGTH = 32
NOBODYS_DOMAIN = ".invalid"


def list_problems(settings: Settings) -> list[str]:
    """Return a sentence for each fault; none if the settings fit together."""
    problems = [
        *_problems_of_lists(settings),
        *_problems_of_ports(settings),
        *_problems_of_leading(settings),
        *_problems_of_database(settings),
    ]
    if settings.is_production:
        problems += _problems_in_production(settings)
    return problems


def _problems_of_lists(settings: Settings) -> Iterator[str]:
    watchlist, pool = ",".join(settings.watchlist), ",".join(settings.pool)
    missing = [symbol for symbol in settings.watchlist if symbol not in settings.pool]
    if len(settings.watchlist) != WATCHLIST_SIZE:
        yield refusal(
            "watchlist",
            watchlist,
            f"exactly {WATCHLIST_SIZE} symbols, and these are {len(settings.watchlist)}",
        )
    if len(settings.pool) < MIN_POOL:
        yield refusal(
            "pool", pool, f"at least {MIN_POOL} symbols, and these are {len(settings.pool)}"
        )
    elif missing:
        yield refusal(
            "pool",
            pool,
            f"a list with the whole watchlist in it, and {', '.join(missing)} is missing",
        )


def _problems_of_ports(settings: Settings) -> Iterator[str]:
    if settings.metrics_port == settings.port:
        yield refusal(
            "metrics_port", settings.metrics_port, "a port other than the website's, or 0 for none"
        )


def _problems_of_leading(settings: Settings) -> Iterator[str]:
    if not settings.leader_heartbeat < settings.leader_patience < settings.leader_lease:
        yield refusal(
            "leader_patience",
            f"{settings.leader_patience:g}",
            f"more than ORACLE_LEADER_HEARTBEAT ({settings.leader_heartbeat:g}) and less than "
            f"ORACLE_LEADER_LEASE ({settings.leader_lease:g})",
        )
    if settings.delivery_lease <= settings.mail_deadline:
        yield refusal(
            "delivery_lease",
            f"{settings.delivery_lease:g}",
            f"more than ORACLE_MAIL_DEADLINE ({settings.mail_deadline:g})",
        )


def _problems_of_database(settings: Settings) -> Iterator[str]:
    url = settings.database_url.get_secret_value()
    if settings.database_secret and (not is_server(url) or has_credentials(url)):
        yield refusal(
            "database_secret",
            settings.database_secret,
            "nothing, unless the database's address is like mysql://host:port/database, "
            "without user and password",
        )
    if settings.database_tls is not DatabaseTls.OFF and not is_server(url):
        yield refusal("database_tls", settings.database_tls, "off where the database is a file")
    if settings.database_tls is not DatabaseTls.VERIFY:
        for field in ("database_ca", "database_tls_name"):
            if getattr(settings, field):
                yield refusal(
                    field, getattr(settings, field), "nothing, unless the database's TLS is verify"
                )


def _problems_in_production(settings: Settings) -> Iterator[str]:
    if settings.now is not None:
        yield refusal("now", settings.now.isoformat(), "nothing at all in production")
    if settings.yahoo_url is not None:
        yield refusal("yahoo_url", settings.yahoo_url, "nothing at all in production")
    if settings.ses_endpoint is not None:
        yield refusal("ses_endpoint", settings.ses_endpoint, "nothing at all in production")
    if settings.database_tls is DatabaseTls.OFF and is_elsewhere(
        settings.database_url.get_secret_value()
    ):
        yield refusal(
            "database_tls",
            settings.database_tls,
            "verify in production, or required where no certificate can be checked, "
            "unless the database is on this machine",
        )
    if settings.market is not Market.YAHOO:
        yield refusal("market", settings.market, "yahoo in production")
    if len(settings.secret_key.get_secret_value()) < MIN_SECRET_LENGTH:
        yield refusal(
            "secret_key",
            None,
            f"at least {MIN_SECRET_LENGTH} characters in production "
            "(for example from `openssl rand -hex 32`)",
        )
    if not settings.base_url.startswith("https://"):
        yield refusal("base_url", settings.base_url, "an https:// address in production")
    if settings.mailer is not MailerKind.FOLDER and NOBODYS_DOMAIN in settings.mail_from:
        yield refusal("mail_from", settings.mail_from, "a sender of your own in production")
