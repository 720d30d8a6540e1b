"""Whether this process still takes work."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Lifecycle:
    """The one mutable fact of a process: it is draining once it was asked to stop."""

    draining: bool = False
