"""The product as it runs in production: two instances, one MySQL-family database, one feed."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.pool import NullPool

from oracle.adapters.sql.tables import bars
from tests.servers.application import run_oracle, running_application
from tests.servers.mariadb import run_mariadb
from tests.standins.yahoo import YahooStandin
from tests.standins.yahoo_faults import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.application import Application
    from tests.servers.mariadb import MariaDbServer

EVENING = datetime(2022, 3, 16, 21, 0, tzinfo=UTC)
"""A Wednesday in summer time: an hour after the close of 16:00 in New York."""


class Deployment:
    """Two instances behind one database and one stand-in for Yahoo."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.database: MariaDbServer = stack.enter_context(contextmanager(run_mariadb)())
        self.yahoo = stack.enter_context(YahooStandin(EVENING))
        self.variables = {
            "market": "yahoo",
            "yahoo_url": self.yahoo.url,
            "now": EVENING.isoformat(),
            "database_url": self.database.url(self.database.create_database()),
            "database_deadline": "3",
        }
        migrated = run_oracle(folder, "migrate", **self.variables)
        assert migrated.returncode == 0, migrated.stderr
        self.instances = [stack.enter_context(self._instance(folder / name)) for name in "ab"]

    def closes(self, *symbols: str) -> dict[str, list[float]]:
        """Return the closes that are stored of those symbols of which there are any."""
        engine = create_engine(
            self.variables["database_url"].replace("aiomysql", "pymysql"), poolclass=NullPool
        )
        found: dict[str, list[float]] = {}
        with engine.connect() as connection:
            rows = connection.execute(
                select(bars.c.symbol, bars.c.close).where(bars.c.symbol.in_(symbols))
            )
            for symbol, close in rows:
                found.setdefault(symbol, []).append(close)
        return found

    def _instance(self, folder: Path) -> Any:
        folder.mkdir()
        return running_application(folder, **self.variables)


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Return the running deployment, for the tests of this module in their order."""
    with ExitStack() as stack:
        yield Deployment(tmp_path_factory.mktemp("deployment"), stack)


def ask(instance: Application, path: str) -> dict[str, Any]:
    """Return what the JSON interface answers."""
    answer: dict[str, Any] = json.loads(instance.read(instance.url + path))
    return answer


def test_both_instances_say_the_same(deployment: Deployment) -> None:
    """Whichever instance a visitor reaches, prediction and ranking are the same to the last bit."""
    first, second = deployment.instances
    assert (
        ask(first, "/api/v1/stocks/AAPL")["prediction"]
        == (ask(second, "/api/v1/stocks/AAPL")["prediction"])
    )
    ranking = ask(first, "/api/v1/recommendation")
    assert len(ranking["stocks"]) == 10
    assert ranking == ask(second, "/api/v1/recommendation")
    assert (ranking["as_of"], ranking["target"]) == ("2022-03-16", "2022-03-17")
    assert not ranking["is_sample"]
    assert ranking["is_rehearsal"]


def test_delisted_young_and_foreign_stocks_get_their_answer(deployment: Deployment) -> None:
    """No prices is 404, too few sessions is an abstention, another market is refused with why."""
    first = deployment.instances[0]
    assert first.status("/api/v1/stocks/GONE") == 404
    assert first.status("/stocks/GONE") == 404
    young = ask(first, "/api/v1/stocks/NEWCO")["prediction"]
    assert young["abstained"]
    assert young["point"] is None
    assert young["quantiles"] == []
    assert young["reasons"]
    assert 400 <= first.status("/api/v1/stocks/FOREIGN") < 500


def test_many_unknown_symbols_are_the_visitors_error(deployment: Deployment) -> None:
    """However many symbols nobody knows are asked for, none of the answers is a 5xx."""
    first = deployment.instances[0]
    codes = {first.status(f"/api/v1/stocks/ZQ{number}") for number in range(15)}
    assert codes == {404, 429}
    assert first.status("/api/v1/stocks/MSFT") == 200


@pytest.mark.parametrize(
    "kind", [Kind.RATE_LIMIT, Kind.HANG, Kind.EMPTY, Kind.ALL_NAN, Kind.HUNDREDFOLD, Kind.JUNK]
)
def test_a_broken_feed_leaves_the_pages_fine(deployment: Deployment, kind: Kind) -> None:
    """What is known is served, what is not is said, nothing bad is stored, and nothing is 5xx."""
    first = deployment.instances[0]
    before = ask(first, "/api/v1/stocks/AAPL")
    deployment.yahoo.fail("*", kind)
    try:
        for path in ("/", "/stocks/AAPL", "/ranking", "/stocks/ADBE", "/api/v1/stocks/ADBE"):
            assert first.status(path) < 500, path
        unknown = ask(first, "/api/v1/stocks/ADBE")
        assert unknown["current"] is None
        assert unknown["prediction"] is None
        assert unknown["notices"]
        assert ask(first, "/api/v1/stocks/AAPL")["prediction"] == before["prediction"]
    finally:
        deployment.yahoo.heal()
    stored = deployment.closes("ADBE", "AAPL")
    assert set(stored) == {"AAPL"}
    assert max(stored["AAPL"]) < 20.0 * min(stored["AAPL"])


def test_database_outage_leaves_known_pages_and_ends(deployment: Deployment) -> None:
    """Without the database what is in memory is served and the instance stays ready; it heals."""
    first = deployment.instances[0]
    assert first.status("/stocks/AAPL") == 200
    assert first.status("/stocks/PFE") == 200
    deployment.database.kill()
    try:
        assert first.status("/healthz/ready") == 200
        assert first.status("/healthz/deep") == 503
        assert first.status("/stocks/AAPL") == 200
        assert first.status("/ranking") == 200
        assert first.status("/api/v1/stocks/NVDA") == 503
    finally:
        deployment.database.start()
    deadline = time.monotonic() + 10
    while first.status("/api/v1/stocks/UNH") != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)
