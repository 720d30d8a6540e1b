"""The home page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oracle.web.contexts.ranking import RankingPage


@dataclass(frozen=True, slots=True)
class HomePage:
    """The home page: the sessions in question, and tonight's ten."""

    as_of: str
    target: str
    ranking: RankingPage
