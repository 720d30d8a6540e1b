"""How often one client may ask, by kind of route.

Every route carries one of these policies, or `rate_exempt` where it must always answer. The
decorators stand directly below the route's, in the order: route, rate limit.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from quart import request
from quart_rate_limiter import RateLimit, RateLimiter
from quart_rate_limiter.store import RateLimiterStoreABC

from oracle.web.client_address import client_key

if TYPE_CHECKING:
    from quart import Quart

MINUTE = timedelta(minutes=1)
MOST_CLIENTS = 50_000

PAGES = [RateLimit(120, MINUTE)]
SUGGESTIONS = [RateLimit(300, MINUTE)]
API = [RateLimit(120, MINUTE)]
STREAMS = [RateLimit(60, MINUTE)]
DOCUMENTS = [RateLimit(60, MINUTE)]
HEALTH = [RateLimit(60, MINUTE)]
SIGN_UPS = [RateLimit(10, MINUTE), RateLimit(60, timedelta(hours=1))]
CHANGES = [RateLimit(60, MINUTE)]
UPLOADS = [RateLimit(30, MINUTE)]
UNSUBSCRIBES = [RateLimit(600, MINUTE)]
"""Mail providers unsubscribe for their customers, many of them from one address."""


class BoundedStore(RateLimiterStoreABC):
    """Arrival times in memory, for so many clients that a flood of addresses costs no more.

    The client that was quiet for longest is forgotten first, which can only be in its favour.
    """

    def __init__(self, limit: int = MOST_CLIENTS) -> None:
        self._limit = limit
        self._arrivals: OrderedDict[str, datetime] = OrderedDict()

    def __len__(self) -> int:
        return len(self._arrivals)

    async def before_serving(self) -> None:
        """Need nothing at start."""

    async def get(self, key: str, default: datetime) -> datetime:
        """Return the theoretical arrival time of that key, or the default."""
        return self._arrivals.get(key, default)

    async def set(self, key: str, tat: datetime) -> None:
        """Store the theoretical arrival time, and forget those that no longer matter."""
        self._arrivals[key] = tat
        self._arrivals.move_to_end(key)
        while len(self._arrivals) > self._limit or self._oldest_is_past():
            self._arrivals.popitem(last=False)

    async def after_serving(self) -> None:
        """Need nothing at the end."""

    def _oldest_is_past(self) -> bool:
        # Each key enters once and leaves once, so on average a request pays for one.
        oldest = next(iter(self._arrivals.values()), None)
        return oldest is not None and oldest < datetime.now(UTC)


async def _everybody() -> str:
    return "everybody"


SIGN_INS = [
    RateLimit(5, MINUTE),
    RateLimit(20, timedelta(hours=1)),
    RateLimit(20, MINUTE, key_function=_everybody),
    RateLimit(100, timedelta(hours=1), key_function=_everybody),
]
"""Guesses at the admin's password: of one client, and of all together, whatever addresses they
have."""


async def _client() -> str:
    return client_key(request.scope.get("client"))


def install_rate_limits(app: Quart) -> None:
    """Count requests by the client's address as the balancer saw it."""
    RateLimiter(app, key_function=_client, store=BoundedStore())
