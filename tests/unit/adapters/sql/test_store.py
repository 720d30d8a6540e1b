"""The store's deadline, its errors and what it reports, on a database in memory."""

from __future__ import annotations

import asyncio
import gc
import warnings
from typing import TYPE_CHECKING

import pytest

from oracle.adapters.sql.engine import create_store
from oracle.adapters.sql.migrate import is_current, lock_name, migrate
from oracle.domain.errors import DatabaseUnavailable, InvalidInput, SettingsError
from oracle.domain.instruments import Source
from oracle.ports import SymbolLookup
from tests.integration.database.examples import NOW

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from oracle.adapters.sql.store import SqlStore, SqlUnitOfWork

MEMORY = "sqlite+aiosqlite:///:memory:"
LOOKUP = SymbolLookup("NEWCO", None, "No such symbol.", NOW)


class Observations(list[tuple[str, str]]):
    """What the store has reported, without the seconds, which must not be negative."""

    def __call__(self, operation: str, outcome: str, seconds: float) -> None:
        """Take note."""
        assert seconds >= 0.0
        self.append((operation, outcome))


@pytest.fixture
def observations() -> Observations:
    """Return an empty record."""
    return Observations()


@pytest.fixture
async def store(
    request: pytest.FixtureRequest, observations: Observations
) -> AsyncIterator[SqlStore]:
    """Yield a store; the parameter is what its units may take, in seconds."""
    deadline = getattr(request, "param", 20.0)
    made = create_store(MEMORY, deadline=deadline, pool_size=1, observer=observations)
    await made.create_tables()
    yield made
    await made.aclose()


async def write_then(store: SqlStore, error: BaseException | None = None) -> None:
    """Write a row, then fail if there is an error to fail with."""
    async with store.begin() as unit:
        await unit.lookups.upsert_lookup(Source.SAMPLE, LOOKUP)
        if error is not None:
            raise error


async def stored(unit: SqlUnitOfWork) -> SymbolLookup | None:
    """Return the row that `write_then` writes."""
    return await unit.lookups.find_lookup(Source.SAMPLE, "NEWCO")


async def test_a_unit_is_committed_and_reported(
    store: SqlStore, observations: Observations
) -> None:
    """What was written is there, and the outcome was told."""
    await write_then(store)
    async with store.begin() as unit:
        assert await stored(unit) == LOOKUP
    await store.ping()
    assert observations == [
        ("transaction", "committed"),
        ("transaction", "committed"),
        ("ping", "committed"),
    ]


@pytest.mark.parametrize(
    "error", [InvalidInput("odd"), TimeoutError("of the caller"), OSError("of the caller")]
)
async def test_an_error_of_the_callers_own_passes_as_it_is(
    store: SqlStore, observations: Observations, error: Exception
) -> None:
    """It is the same object, the unit is undone, and the database is not blamed."""
    with pytest.raises(type(error)) as raised:
        await write_then(store, error)
    assert raised.value is error
    assert observations == [("transaction", "failed")]
    async with store.begin() as unit:
        assert await stored(unit) is None


@pytest.mark.parametrize("store", [1.0], indirect=True)
async def test_a_unit_past_its_deadline_is_unavailable(
    store: SqlStore, observations: Observations
) -> None:
    """It is undone, and the next unit works on the same rows."""
    await write_then(store)

    async def dawdle() -> None:
        async with store.begin() as unit:
            await unit.lookups.upsert_lookup(
                Source.SAMPLE, SymbolLookup("NEWCO", None, "Changed.", NOW)
            )
            await asyncio.Event().wait()

    with pytest.raises(DatabaseUnavailable, match="within 1 seconds") as raised:
        await dawdle()
    assert isinstance(raised.value.__cause__, TimeoutError)
    assert observations[-1] == ("transaction", "unavailable")
    async with store.begin() as unit:
        assert await stored(unit) == LOOKUP


async def test_a_cancelled_unit_is_not_mistaken_for_a_late_one(
    store: SqlStore, observations: Observations
) -> None:
    """Cancelling passes on as cancelling, undoes the unit, and costs no row that was there."""
    await write_then(store)
    entered = asyncio.Event()

    async def wait() -> None:
        async with store.begin() as unit:
            await unit.lookups.upsert_lookup(
                Source.SAMPLE, SymbolLookup("NEWCO", None, "Changed.", NOW)
            )
            entered.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(wait())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert observations[-1] == ("transaction", "cancelled")
    async with store.begin() as unit:
        assert await stored(unit) == LOOKUP


async def test_units_in_memory_take_turns(store: SqlStore) -> None:
    """Concurrent units do not see, undo or commit each other's rows."""

    async def fail(number: int) -> None:
        with pytest.raises(InvalidInput):
            await write_then(store, InvalidInput(str(number)))

    await asyncio.gather(*(fail(number) for number in range(5)))
    async with store.begin() as unit:
        assert await stored(unit) is None


async def test_databases_in_memory_are_apart() -> None:
    """Each store has a database of its own."""
    first = create_store(MEMORY, deadline=5, pool_size=1)
    second = create_store(MEMORY, deadline=5, pool_size=1)
    for store in (first, second):
        await store.create_tables()
    await write_then(first)
    async with second.begin() as unit:
        assert await stored(unit) is None
    await first.aclose()
    await second.aclose()


async def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    """People are told so instead of being shown the driver's error."""
    file = tmp_path / "oracle.db"
    file.write_bytes(b"no database at all" * 100)
    store = create_store(f"sqlite+aiosqlite:///{file}", deadline=5, pool_size=1)
    with pytest.raises(DatabaseUnavailable):
        await store.ping()
    await store.aclose()


def test_the_folder_of_a_file_is_created(tmp_path: Path) -> None:
    """A fresh clone needs no preparation."""
    create_store(f"sqlite+aiosqlite:///{tmp_path}/new/deep/oracle.db", deadline=5, pool_size=1)
    assert (tmp_path / "new" / "deep").is_dir()


def test_a_folder_that_cannot_be_created_is_named(tmp_path: Path) -> None:
    """The sentence names the variable, the file and what is allowed."""
    (tmp_path / "taken").write_text("a file stands where the folder should be")
    with pytest.raises(SettingsError, match=r"ORACLE_DATABASE_URL .*taken/oracle\.db.*allowed: "):
        create_store(f"sqlite+aiosqlite:///{tmp_path}/taken/oracle.db", deadline=5, pool_size=1)


async def test_a_database_in_memory_cannot_be_migrated() -> None:
    """It would be another one each time."""
    with pytest.raises(SettingsError, match="in memory"):
        await migrate(MEMORY)
    with pytest.raises(SettingsError, match="in memory"):
        await is_current(MEMORY)


@pytest.mark.parametrize("schema", ["oracle", "Oracle_Production", "x" * 64])
def test_the_name_of_the_migration_lock_fits(schema: str) -> None:
    """Lower case, at most 64 characters, and the schema first."""
    name = lock_name(schema)
    assert len(name) <= 64
    assert name == name.lower()
    assert name.startswith(schema.lower()[:40])


async def linger(store: SqlStore, entered: asyncio.Event, leave: asyncio.Event) -> None:
    """Hold a unit until told to leave."""
    async with store.begin() as unit:
        await stored(unit)
        entered.set()
        await leave.wait()


async def test_closing_waits_for_units_under_way(tmp_path: Path) -> None:
    """A connection that is in use when the store closes is closed as well, not left to be found."""
    store = create_store(f"sqlite+aiosqlite:///{tmp_path / 'a.db'}", deadline=20.0, pool_size=2)
    entered, leave = asyncio.Event(), asyncio.Event()

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        await store.create_tables()
        unit = asyncio.create_task(linger(store, entered, leave))
        await entered.wait()
        closing = asyncio.create_task(store.aclose())
        await asyncio.sleep(0)
        assert not closing.done()
        leave.set()
        await asyncio.gather(unit, closing)
        del store
        gc.collect()
    assert not warned


@pytest.mark.parametrize("steps", range(0, 12, 2))
async def test_a_unit_cancelled_twice_leaves_nothing_behind(tmp_path: Path, steps: int) -> None:
    """A deadline and a shutdown may both hit it: its connection is closed all the same."""
    store = create_store(f"sqlite+aiosqlite:///{tmp_path / 'a.db'}", deadline=20.0, pool_size=2)

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        await store.create_tables()
        unit = asyncio.create_task(linger(store, asyncio.Event(), asyncio.Event()))
        for _ in range(steps):
            await asyncio.sleep(0)
        unit.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        unit.cancel()
        with pytest.raises(asyncio.CancelledError):
            await unit
        await store.aclose()
        # What still closes is a moment's work of the driver's thread, and must come to an end.
        left = asyncio.all_tasks() - {asyncio.current_task()}
        unending = (await asyncio.wait(left, timeout=10.0))[1] if left else set()
        assert not unending
        del store
        gc.collect()
    assert not warned


async def test_the_pools_connections_are_counted(tmp_path: Path) -> None:
    """By whether units have them, beside how many there may be; none are made to be counted."""
    made = create_store(f"sqlite+aiosqlite:///{tmp_path}/a.db", deadline=20.0, pool_size=3)
    assert made.pool_limit == 3
    assert made.count_connections() == (0, 0)
    async with made.begin(), made.begin():
        assert made.count_connections() == (2, 0)
    assert made.count_connections() == (0, 2)
    await made.aclose()
    assert made.count_connections() == (0, 0)
