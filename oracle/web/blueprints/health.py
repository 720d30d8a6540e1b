"""Health: whether the process lives, whether to send it requests, and what of it works."""

from __future__ import annotations

from dataclasses import asdict

from quart import Blueprint, Response, jsonify
from quart_rate_limiter import rate_exempt, rate_limit

from oracle.web.rate_limits import HEALTH
from oracle.web.site import current_site

health = Blueprint("health", __name__, url_prefix="/healthz")


@health.get("/live")
@rate_exempt
async def get_liveness() -> Response:
    """Answer that the process and its loop run; nothing else is touched."""
    return _answer({"status": "ok"}, is_well=True)


@health.get("/ready")
@rate_exempt
async def get_readiness() -> Response:
    """Answer 200 if requests may come here, 503 while the process is draining."""
    ready = current_site().use_cases.is_ready()
    return _answer({"ready": ready}, is_well=ready)


@health.get("/deep")
@rate_limit(limits=HEALTH)
async def get_health() -> Response:
    """Answer for people what works; 503 when the database does not. No balancer may ask this."""
    found = await current_site().use_cases.health()
    return _answer(asdict(found), is_well=found.database)


def _answer(content: dict[str, object], *, is_well: bool) -> Response:
    response = jsonify(content)
    response.headers["Cache-Control"] = "no-store"
    response.status_code = 200 if is_well else 503
    return response
