"""Rules about modules: their size, their names, their layer, the promises of their tests."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
LONGEST = 300
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "manager", "common", "data", "info", "misc"}


def modules_of(*folders: str) -> dict[str, str]:
    """Return the text of each Python module in those folders, by its path."""
    return {
        str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
    }


CODE = modules_of("oracle", "scheduler", "scripts", "infra/lambda", "infra/terraform")
TESTS = modules_of("tests", "infra/moto", "infra/engine")
TREES = {path: ast.parse(text) for path, text in (CODE | TESTS).items()}


def contracts() -> list[dict[str, Any]]:
    """Return the import contracts of the project's configuration."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        found: list[dict[str, Any]] = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    return found


def test_modules_are_found() -> None:
    """The rules below are checked on something."""
    assert len(CODE) > 40
    assert len(TESTS) > 10


def test_a_module_is_short_enough_to_be_read() -> None:
    """No module is longer than 300 lines; applied migrations are history and may be."""
    read = CODE | modules_of("infra", "benchmarks")
    lengths = {path: len(text.splitlines()) for path, text in read.items()}
    assert {
        path: length
        for path, length in lengths.items()
        if length > LONGEST and "/versions/" not in path
    } == {}


def test_a_module_is_named_after_what_it_holds() -> None:
    """Neither a module nor a folder has a name that would fit anything."""
    paths = [Path(path).with_suffix("") for path in TREES]
    assert [str(path) for path in paths if set(path.parts) & EMPTY_NAMES] == []


def test_classes_are_named_after_what_they_are() -> None:
    """No class is one more Manager, Helper or Info."""
    names = [
        f"{path}: {node.name}"
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    ]
    vague = re.compile(r"(Util|Utils|Helper|Helpers|Manager|Common|Info|Misc)$")
    assert [name for name in names if vague.search(name)] == []


def test_every_part_of_the_application_has_a_layer() -> None:
    """A new module outside of the known packages has to be given its place in the import rules."""
    named = {
        module.strip("() ").removeprefix("oracle.")
        for contract in contracts()
        for key in ("layers", "source_modules")
        for layer in contract.get(key, [])
        for module in re.split(r"[|:]", layer)
    }
    parts = {
        path.stem
        for path in (ROOT / "oracle").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert parts - {"__init__"} - named == set()


def test_the_import_rules_name_nothing_that_is_gone() -> None:
    """No layer is optional: a module that is renamed takes its rule along."""
    layers = [layer for contract in contracts() for layer in contract.get("layers", [])]
    assert layers
    assert [layer for layer in layers if "(" in layer] == []


def test_every_test_says_what_it_promises() -> None:
    """Each test has a docstring of one paragraph that ends like a sentence."""
    tests = {
        f"{path}: {node.name}": ast.get_docstring(node) or ""
        for path in TESTS
        for node in ast.walk(TREES[path])
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    }
    assert len(tests) > 100
    assert [
        name
        for name, promise in tests.items()
        if "\n\n" in promise or not promise.rstrip().endswith(".")
    ] == []


def test_no_test_is_skipped_or_expected_to_fail() -> None:
    """What cannot pass is repaired or removed, not passed over."""
    forbidden = {"skip", "skipif", "xfail", "importorskip"}
    assert [
        f"{path}:{node.lineno}"
        for path in TESTS
        for node in ast.walk(TREES[path])
        if isinstance(node, ast.Attribute) and node.attr in forbidden
    ] == []
