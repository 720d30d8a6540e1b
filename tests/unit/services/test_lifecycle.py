"""How a process says that it takes nothing new."""

from __future__ import annotations

from oracle.services.lifecycle import Lifecycle


def test_listeners_hear_of_draining_at_once() -> None:
    """Whoever holds answers open is told in the moment in which the process begins to drain."""
    heard: list[bool] = []
    lifecycle = Lifecycle()
    lifecycle.on_drain(lambda: heard.append(lifecycle.draining))
    assert heard == []
    lifecycle.drain()
    assert heard == [True]
