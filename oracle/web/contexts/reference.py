"""The documentation page of the JSON interface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oracle.web.api.operations import Operation
    from oracle.web.errors import Kind


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One member of a JSON object."""

    name: str
    kind: str
    description: str


@dataclass(frozen=True, slots=True)
class ModelSection:
    """One JSON object: its name, what it is, its members."""

    name: str
    description: str
    fields: tuple[FieldRow, ...]


@dataclass(frozen=True, slots=True)
class ReferencePage:
    """Every operation, every object and every problem of the interface."""

    base_url: str
    operations: tuple[Operation, ...]
    models: tuple[ModelSection, ...]
    problems: tuple[Kind, ...]
