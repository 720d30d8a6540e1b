"""The page that says what went wrong and what still works."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oracle.web.errors import Problem


@dataclass(frozen=True, slots=True)
class ProblemPage:
    """The problem and the request's id, which the log lines carry too.

    `selection` is what was asked to be ranked, to be mended where it was typed; None elsewhere.
    """

    problem: Problem
    request_id: str
    retry_address: str | None
    selection: str | None = None
