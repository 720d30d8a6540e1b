"""How a resource is written as a response."""

from __future__ import annotations

from typing import Any

from quart import Response

from oracle.web.api.openapi import write_json

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"


def json_reply(resource: Any, *, status: int = 200) -> Response:
    """Return the resource as JSON, which caches must check with its tag before using it again."""
    response = Response(write_json(resource), status=status, content_type=JSON)
    response.headers["Cache-Control"] = "no-cache"
    return response
