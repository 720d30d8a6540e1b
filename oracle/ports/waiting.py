"""Whether somebody waits for the work at hand: the context tells it from the website to the store.

Work that began where somebody waits is waited for as well, unless it says otherwise.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_IS_WAITED_FOR: ContextVar[bool] = ContextVar("is_waited_for", default=False)


def is_waited_for() -> bool:
    """Return whether a visitor waits for what runs here; scheduled work and commands take longer.

    >>> with waited_for():
    ...     print(is_waited_for())
    True
    """
    return _IS_WAITED_FOR.get()


@contextmanager
def waited_for(*, by_visitor: bool = True) -> Iterator[None]:
    """Have what runs within, and the tasks that it starts, know whether a visitor waits for it."""
    before = _IS_WAITED_FOR.set(by_visitor)
    try:
        yield
    finally:
        _IS_WAITED_FOR.reset(before)
