"""Forecasters by name: `module:function`, imported from the installed packages or this folder."""

from __future__ import annotations

import hashlib
import importlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from oracle.domain.errors import InvalidForecaster

if TYPE_CHECKING:
    from types import ModuleType

    from oracle.forecasting.evaluation import Forecaster

OUR_OWN = "oracle.forecasting:forecast"
_HINT = f"Name it like {OUR_OWN}, with a module that can be imported from this folder."


@dataclass(frozen=True, slots=True)
class LoadedForecaster:
    """A function that forecasts, its name, and a digest of the source it was loaded from."""

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
    """Return the SHA-256 of the module's file, or of all Python files of a package."""
    file = module.__file__
    if file is None:
        return "built in"
    path = Path(file)
    paths = sorted(path.parent.rglob("*.py")) if path.name == "__init__.py" else [path]
    digest = hashlib.sha256()
    for source in paths:
        digest.update(f"{source.relative_to(path.parent)}\n".encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()
