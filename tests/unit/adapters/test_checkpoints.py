"""Checkpoints in a folder and in memory keep the same promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from oracle.adapters.checkpoints import FolderCheckpoints, MemoryCheckpoints

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FolderCheckpoints | MemoryCheckpoints:
    """Return either of the two."""
    return FolderCheckpoints(tmp_path / "new") if request.param == "folder" else MemoryCheckpoints()


def test_what_was_saved_is_found(store: FolderCheckpoints | MemoryCheckpoints) -> None:
    """Arrays come back as they were at saving, the newest save wins, and keys do not meet."""
    values = np.array([1.0, np.nan])
    assert store.find_checkpoint("a") is None
    store.save_checkpoint("a", {"x": values, "n": np.array(3)})
    values[0] = 9.0
    found = store.find_checkpoint("a")
    assert found is not None
    np.testing.assert_array_equal(found["x"], [1.0, np.nan])
    assert int(found["n"]) == 3
    store.save_checkpoint("a", {"n": np.array(4)})
    again = store.find_checkpoint("a")
    assert again is not None
    assert set(again) == {"n"}
    assert store.find_checkpoint("b") is None


def test_what_was_dropped_is_gone(store: FolderCheckpoints | MemoryCheckpoints) -> None:
    """Dropping forgets one key, and dropping nothing is no error."""
    store.save_checkpoint("a", {"n": np.array(1)})
    store.save_checkpoint("b", {"n": np.array(2)})
    store.drop_checkpoint("a")
    store.drop_checkpoint("a")
    assert store.find_checkpoint("a") is None
    assert store.find_checkpoint("b") is not None


def test_a_damaged_file_counts_as_none(tmp_path: Path) -> None:
    """Work is done again rather than continued from what cannot be read."""
    store = FolderCheckpoints(tmp_path)
    store.save_checkpoint("a", {"n": np.arange(1000)})
    (path,) = tmp_path.iterdir()
    for damaged in (b"", b"PK\x03\x04 nonsense", path.read_bytes()[:200]):
        path.write_bytes(damaged)
        assert store.find_checkpoint("a") is None
