"""Checkpoints of long computations: files in a folder, or in memory."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray


class FolderCheckpoints:
    """One NumPy file per key in a folder, which is made when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find_checkpoint(self, key: str) -> dict[str, NDArray[Any]] | None:
        """Return the arrays saved under that key; None also when the file is damaged."""
        try:
            # Opened here, since NumPy leaves a file open that it cannot make sense of.
            with self._path(key).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                return {name: arrays[name] for name in arrays.files}
        except (FileNotFoundError, BadZipFile, EOFError, ValueError):
            # A damaged file only means that the work is done again from its beginning.
            return None

    def save_checkpoint(self, key: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Write the file under another name and put it in place in one step."""
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = self._path(key).with_suffix(f".{os.getpid()}.part")
        try:
            with unfinished.open("wb") as file:
                np.savez(file, allow_pickle=False, **dict(arrays))
            unfinished.replace(self._path(key))
        finally:
            unfinished.unlink(missing_ok=True)

    def drop_checkpoint(self, key: str) -> None:
        """Remove the file if there is one."""
        with suppress(FileNotFoundError):
            self._path(key).unlink()

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.npz"


class MemoryCheckpoints:
    """The same in memory, for rehearsals and for work that is not to be kept."""

    def __init__(self) -> None:
        self._saved: dict[str, dict[str, NDArray[Any]]] = {}

    def find_checkpoint(self, key: str) -> dict[str, NDArray[Any]] | None:
        """Return copies of the arrays saved under that key, or None."""
        saved = self._saved.get(key)
        return None if saved is None else {name: array.copy() for name, array in saved.items()}

    def save_checkpoint(self, key: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Keep copies of the arrays."""
        self._saved[key] = {name: np.array(array) for name, array in arrays.items()}

    def drop_checkpoint(self, key: str) -> None:
        """Forget the arrays."""
        self._saved.pop(key, None)
