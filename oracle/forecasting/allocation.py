"""Memory that stays with the process between one forecast and the next."""

from __future__ import annotations

from functools import cache

import numpy as np

_KEPT = 31 * 2**20
"""Bytes of the one array below. Freed memory of up to twice as much is kept after it.

It has to stay below the 32 MB, the pages of a block's ends included.
"""


@cache
def keep_freed_memory() -> None:
    """Let the C library keep the memory of freed arrays, once per process.

    A fit makes and drops some dozens of arrays. As it starts, glibc gives each back to the system
    and asks for it anew, and every page of it is then filled with zeros once more: up to 40 % of
    the time of a small fit. It learns how large a block is worth keeping from the largest that it
    has seen freed, up to 32 MB. So it is shown one, whose pages nobody touches and which thus takes
    no memory. Other C libraries learn nothing from it, and lose nothing.
    """
    np.empty(_KEPT, dtype=np.uint8)
