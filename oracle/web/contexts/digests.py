"""The archive of digests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DigestsPage:
    """The page `/digests`: no digest was ever sent, so it names what can be read instead."""

    target: str
