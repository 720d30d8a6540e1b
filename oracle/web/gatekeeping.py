"""What is checked of every request before its view runs, in this order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from quart import Request, request

from oracle.web.asgi_scope import MATCHED, REFUSAL
from oracle.web.cross_origin import require_same_origin
from oracle.web.refusals import BodyTooLarge, MalformedRequest
from oracle.web.site import current_site
from oracle.web.uploads import UPLOAD_SECONDS, CountedBody, UploadParser, find_limit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quart import Quart

    from oracle.web.asgi_scope import Scope
    from oracle.web.refusals import Refusal

ONE_CLICK = "/subscribers/<token>/unsubscribe"
LARGEST_BODY = 64 * 1024
BODY_SECONDS = 10


class StrictRequest(Request):
    """A request whose JSON can be read or is the client's fault; the framework lets some escape.

    `uploads` says of which addresses how much is read of a request that brings a file.
    """

    body_class = CountedBody
    form_data_parser_class = UploadParser
    uploads: ClassVar[Mapping[str, int]] = {}

    def __init__(self, method: str, scheme: str, path: str, *rest: Any, **options: Any) -> None:
        limit = find_limit(self.uploads, method, path)
        if limit is not None:
            options |= {"max_content_length": limit, "body_timeout": UPLOAD_SECONDS}
        super().__init__(method, scheme, path, *rest, **options)
        if limit is not None:
            self.max_content_length = limit

    async def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:  # noqa: FBT001, FBT002
        """Return the body as JSON; raises MalformedRequest or the framework's BadRequest."""
        try:
            return await super().get_json(force, silent, cache)
        except UnicodeDecodeError as error:
            raise MalformedRequest("The request's body is not valid UTF-8.") from error
        except RecursionError as error:
            raise MalformedRequest("The request's body is nested too deeply.") from error


async def note_route() -> None:
    """Tell the access log which route the request matched."""
    if request.url_rule is not None:
        _scope()[MATCHED](request.url_rule.rule)


async def refuse_inadmissible() -> None:
    """Raise what the admission found wrong with the request's address or host."""
    refusal: Refusal | None = _scope().get(REFUSAL)
    if refusal is not None:
        raise refusal


async def refuse_large_bodies() -> None:
    """Raise BodyTooLarge for an announced body beyond the limit, without reading any of it."""
    # An upload's own page says what is wrong with it.
    is_upload = request.max_content_length != LARGEST_BODY
    if (request.content_length or 0) > LARGEST_BODY and not is_upload:
        raise BodyTooLarge


async def refuse_foreign_origins() -> None:
    """Raise CrossOriginRefused for a change that another site's page asks for.

    One-click unsubscribing (RFC 8058) is asked for by mail programs, from wherever they run. Its
    authority is the token alone, which another site's page cannot know.
    """
    if request.url_rule is not None and request.url_rule.rule == ONE_CLICK:
        return
    require_same_origin(
        request.method,
        fetch_site=request.headers.get("Sec-Fetch-Site"),
        origin=request.headers.get("Origin"),
        host=request.host,
        base_url=current_site().settings.base_url,
    )


def _scope() -> Scope:
    scope: Scope = request.scope  # type: ignore[assignment]
    return scope


def install_gatekeeping(app: Quart, uploads: Mapping[str, int]) -> None:
    """Check every request; the limits on bodies are enforced as they arrive.

    `uploads` are the addresses that take more, in bytes.
    """
    limits = dict(uploads)

    class SiteRequest(StrictRequest):
        uploads = limits

    app.request_class = SiteRequest
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.config["BODY_TIMEOUT"] = BODY_SECONDS
    for check in (note_route, refuse_inadmissible, refuse_large_bodies, refuse_foreign_origins):
        app.before_request(check)
