"""Forecasters by name: `module:function`, imported from the installed packages or this folder."""

from __future__ import annotations

import ast
import hashlib
import importlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from oracle.domain.errors import InvalidForecaster

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from oracle.forecasting.evaluation import Forecaster

OUR_OWN = "oracle.forecasting:forecast"
_HINT = f"Name it like {OUR_OWN}, with a module that can be imported from this folder."


@dataclass(frozen=True, slots=True)
class LoadedForecaster:
    """A function that forecasts, its name, and a digest of the source it is made of."""

    name: str
    forecast: Forecaster
    source_digest: str


def load_forecaster(name: str) -> LoadedForecaster:
    """Return the forecaster `module:function`; raise InvalidForecaster when there is none."""
    module_name, separator, function_name = name.partition(":")
    if not (module_name and separator and function_name):
        raise InvalidForecaster(f"{name!r} names no function of a module.", hint=_HINT)
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        # Whatever the module does at import is its own; people get the reason in a sentence.
        raise InvalidForecaster(
            f"The module {module_name} cannot be imported: {type(error).__name__}: {error}",
            hint=_HINT,
        ) from error
    function = getattr(module, function_name, None)
    if not callable(function):
        raise InvalidForecaster(
            f"The module {module_name} has no function {function_name}.", hint=_HINT
        )
    return LoadedForecaster(name, cast("Forecaster", function), _digest(module))


def _digest(module: ModuleType) -> str:
    """Return the SHA-256 of the source of the module and of all that it imports from around it.

    Those are the files of its package, or of the folder it lies in; what is installed beside it or
    comes with Python is left out. Of a package that is itself the module all files count.
    """
    if module.__file__ is None:
        return "built in"
    root = _root(module)
    digest = hashlib.sha256()
    for path in sorted(_sources(module, root)):
        digest.update(f"{path.relative_to(root)}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _root(module: ModuleType) -> Path:
    """Return the folder that holds the module, or the top of the package that it is part of."""
    path = Path(str(module.__file__)).resolve()
    inside = module.__name__.count(".") + (path.name == "__init__.py")
    return path.parents[inside]


def _sources(module: ModuleType, root: Path) -> set[Path]:
    """Return the module's files and those under `root` that they import, directly or not."""
    own = Path(str(module.__file__)).resolve()
    waiting = [own, *_files_of(module.__name__, root)]
    if own.name == "__init__.py":
        waiting.extend(own.parent.rglob("*.py"))
    found: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path not in found and path.is_relative_to(root):
            found.add(path)
            waiting.extend(_imported(path, root))
    return found


def _imported(path: Path, root: Path) -> Iterator[Path]:
    """Yield the files under `root` that an import statement of the file may mean."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        # No Python, or none of this version: its own bytes count, and it can import nothing.
        return
    for statement in ast.walk(tree):
        if isinstance(statement, ast.Import):
            start, names = root, [alias.name for alias in statement.names]
        elif isinstance(statement, ast.ImportFrom):
            # `from . import a` counts from the file's own folder, one level up for each more dot.
            start = path.parents[statement.level - 1] if statement.level else root
            base = statement.module or ""
            names = [base, *(f"{base}.{alias.name}".strip(".") for alias in statement.names)]
        else:
            continue
        for name in names:
            yield from _files_of(name, start)


def _files_of(name: str, start: Path) -> Iterator[Path]:
    """Yield the file of that module and of each package on the way to it, as far as there are."""
    place = start
    for part in filter(None, name.split(".")):
        place = place / part
        for file in (place.with_suffix(".py"), place / "__init__.py"):
            if file.is_file() and "site-packages" not in file.relative_to(start).parts:
                yield file
