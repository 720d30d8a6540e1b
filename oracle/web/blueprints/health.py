"""Health: whether the process lives, and whether to send it requests."""

from __future__ import annotations

from dataclasses import asdict

from quart import Blueprint, Response, jsonify
from quart_rate_limiter import rate_exempt

from oracle.web.site import current_site

health = Blueprint("health", __name__, url_prefix="/healthz")


@health.get("/live")
@rate_exempt
async def get_liveness() -> Response:
    """Answer that the process and its loop run; nothing else is touched."""
    return _uncached(jsonify(status="ok"))


@health.get("/ready")
@rate_exempt
async def get_readiness() -> Response:
    """Answer 200 if requests may come here, 503 while the process is draining."""
    readiness = await current_site().use_cases.readiness()
    response = _uncached(jsonify(asdict(readiness)))
    response.status_code = 200 if readiness.ready else 503
    return response


def _uncached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
