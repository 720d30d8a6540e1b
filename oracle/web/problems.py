"""How an error is answered: a page, a fragment, or problem+json, all saying the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quart import Response, request
from werkzeug.exceptions import HTTPException

from oracle.domain.errors import OracleError
from oracle.observability.logs import get_logger
from oracle.web.access_log import public_path
from oracle.web.api.openapi import adapter_for
from oracle.web.api.reply import PROBLEM_JSON
from oracle.web.api.resources import ProblemDetails
from oracle.web.asgi_scope import REQUEST_ID
from oracle.web.contexts.chrome import Head
from oracle.web.contexts.problem import ProblemPage
from oracle.web.errors import INTERNAL, describe_error
from oracle.web.frame import frame_page
from oracle.web.rendering import render_page
from oracle.web.site import current_site

if TYPE_CHECKING:
    from quart import Quart

    from oracle.web.errors import Problem

PROGRAM_PATHS = ("/api/v", "/healthz/", "/openapi.json")
_UNPROCESSABLE = 422
_log = get_logger(__name__)


async def answer_error(error: Exception) -> Response | HTTPException:
    """Return the response to any error, deliberate or not; none of them shows a traceback."""
    if isinstance(error, HTTPException) and (error.code is None or error.code < 400):  # noqa: PLR2004
        return error
    problem = describe_error(error)
    if problem.kind is INTERNAL:
        _log.error("request_failed", exc_info=error)
    elif isinstance(error, OracleError) and problem.kind.status >= 500:  # noqa: PLR2004
        _log.warning("request_unserved", problem=problem.kind.slug, why=str(error))
    return answer_problem(problem)


def answer_problem(problem: Problem) -> Response:
    """Return the problem in the form that the request can read."""
    response = _as_json(problem) if wants_json() else _as_page(problem)
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("Accept")
    retry_after = problem.retry_after or problem.kind.retry_after
    if retry_after:
        response.headers["Retry-After"] = str(retry_after)
    if problem.allowed_methods:
        response.headers["Allow"] = ", ".join(problem.allowed_methods)
    return response


def wants_json() -> bool:
    """Return whether a program asks: by the path, or by preferring JSON to HTML."""
    if request.path.startswith(PROGRAM_PATHS):
        return True
    accepted = request.accept_mimetypes
    as_json = max(accepted[kind] for kind in ("application/json", PROBLEM_JSON))
    return bool(as_json > accepted["text/html"])


def request_id() -> str:
    """Return the present request's id."""
    identity: str = request.scope.get(REQUEST_ID, "")  # type: ignore[assignment]
    return identity


def _as_json(problem: Problem) -> Response:
    details = ProblemDetails(
        type=f"{current_site().settings.base_url}/api/docs#problem-{problem.kind.slug}",
        title=problem.kind.title,
        status=problem.kind.status,
        detail=problem.detail,
        instance=public_path(
            request.path, "" if request.url_rule is None else request.url_rule.rule
        ),
        hint=problem.hint,
        request_id=request_id(),
        suggestions=problem.suggestions,
    )
    return Response(
        adapter_for(ProblemDetails).dump_json(details),
        status=problem.kind.status,
        content_type=PROBLEM_JSON,
    )


def _as_page(problem: Problem) -> Response:
    may_retry = request.method == "GET" and problem.kind.status in {429, 500, 503}
    return render_page(
        "errors/problem.html",
        fragment="problem",
        chrome=frame_page(Head(title=problem.kind.title, description=problem.detail)),
        page=ProblemPage(
            problem=problem,
            request_id=request_id(),
            retry_address=request.full_path.rstrip("?") if may_retry else None,
            selection=request.args.get("symbols")
            if problem.kind.status == _UNPROCESSABLE
            else None,
        ),
        status=problem.kind.status,
    )


def install_problems(app: Quart) -> None:
    """Answer every error of the application in the site's own design."""
    app.register_error_handler(Exception, answer_error)
