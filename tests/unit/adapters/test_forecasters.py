"""Forecasters are found by name, and their source is told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from oracle.adapters.forecasters import OUR_OWN, load_forecaster
from oracle.domain.errors import InvalidForecaster
from oracle.forecasting import forecast

if TYPE_CHECKING:
    from pathlib import Path


def test_our_own_is_found() -> None:
    """The product's method is offered under the name that the documents give."""
    loaded = load_forecaster(OUR_OWN)
    assert loaded.forecast is forecast
    assert len(loaded.source_digest) == 64


def test_a_module_of_the_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file beside the user is importable, and its digest is that of its text."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "first_guess.py").write_text("def guess(closes): return {}\nnumber = 3\n")
    (tmp_path / "second_guess.py").write_text("def guess(closes): return {'a': 1}\n")
    first, second = load_forecaster("first_guess:guess"), load_forecaster("second_guess:guess")
    assert first.source_digest != second.source_digest
    with pytest.raises(InvalidForecaster, match="has no function number"):
        load_forecaster("first_guess:number")


def test_a_module_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own error stands in the sentence."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "broken_guess.py").write_text("1 / 0\n")
    with pytest.raises(InvalidForecaster, match="ZeroDivisionError: division by zero"):
        load_forecaster("broken_guess:guess")


@pytest.mark.parametrize("name", ["", "oracle", ":forecast", "oracle:", "no_such_module_here:f"])
def test_a_name_that_leads_nowhere_is_told(name: str) -> None:
    """The sentence says how a name is written."""
    with pytest.raises(InvalidForecaster) as refused:
        load_forecaster(name)
    assert "oracle.forecasting:forecast" in refused.value.hint


def test_a_change_in_an_imported_module_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The digest covers what the module imports from around it, however far, and nothing else."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    package = tmp_path / "guesses_package"
    (package / "deep").mkdir(parents=True)
    files = {
        tmp_path / "guess_constants.py": "ONE = 1\n",
        package / "__init__.py": "",
        package / "model.py": "from . import parts\nimport guess_constants\ndef guess(): ...\n",
        package / "parts.py": "def later():\n    from .deep.end import two\n    return two\n",
        package / "deep" / "__init__.py": "",
        package / "deep" / "end.py": "two = 2\n",
        package / "unrelated.py": "three = 3\n",
    }
    for path, text in files.items():
        path.write_text(text)

    def digest() -> str:
        return load_forecaster("guesses_package.model:guess").source_digest

    first = digest()
    for path, text in files.items():
        path.write_text(f"{text}# changed\n")
        assert (digest() == first) is (path.name == "unrelated.py"), path
        path.write_text(text)
        assert digest() == first
