"""Whether this process still takes work."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(slots=True)
class Lifecycle:
    """The one mutable fact of a process: it is draining once it was asked to stop."""

    draining: bool = False
    _listeners: list[Callable[[], None]] = field(default_factory=list)

    def on_drain(self, listener: Callable[[], None]) -> None:
        """Have the listener called as soon as the process drains."""
        self._listeners.append(listener)

    def drain(self) -> None:
        """Take nothing new from now on, and tell those who hold answers open."""
        self.draining = True
        for listener in self._listeners:
            listener()
