"""The admin's pages: sign in, add a picture, see which there are. They work without JavaScript.

The blueprint is only there when a password's hash is set; else its addresses are like any other
that does not exist.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from quart import Blueprint, Response, request
from quart_rate_limiter import rate_limit
from werkzeug.exceptions import RequestEntityTooLarge

from oracle.domain.errors import ImagesUnavailable, ImageTooLarge, InvalidImage, OracleError
from oracle.domain.images import find_image_key
from oracle.services.add_image import describe_limit
from oracle.services.admin_access import LONGEST_PASSWORD, SESSION_SECONDS
from oracle.web.contexts.admin import (
    IMAGES,
    ImagesPage,
    SignInPage,
    UploadForm,
    build_images_page,
)
from oracle.web.contexts.chrome import Head
from oracle.web.errors import RETRY_SOON, find_kind
from oracle.web.frame import frame_page
from oracle.web.rate_limits import PAGES, SIGN_INS, UPLOADS
from oracle.web.rendering import render_page
from oracle.web.site import current_site
from oracle.web.uploads import is_too_large

if TYPE_CHECKING:
    from typing import Any

    from oracle.services.add_image import AddedImage

admin = Blueprint("admin", __name__)

SIGN_IN = "/admin/sign-in"
SIGN_OUT = "/admin/sign-out"
LONGEST_NAME = 260
_PRIVATE = "/admin"
_NOT_SIGNED_IN = 403
_UNAVAILABLE = 503
_ENDED = "Your session has ended. Sign in, then choose the picture again."


@admin.after_app_request
async def keep_private(response: Response) -> Response:
    """Let no cache and no search engine keep anything of these pages."""
    if request.path.lower().startswith(_PRIVATE):
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        response.headers["Referrer-Policy"] = "same-origin"
    return response


@admin.get(IMAGES)
@rate_limit(limits=PAGES)
async def show_images() -> Response:
    """Show the pictures, or the form to sign in."""
    if not _is_admin():
        return _show_sign_in(SignInPage())
    added = find_image_key(request.args.get("added", ""))
    form = UploadForm(
        limit=_limit(),
        added="" if added is None else added.text,
        is_new=request.args.get("known") is None,
    )
    return await _show_images(form)


@admin.post(IMAGES)
@rate_limit(limits=UPLOADS)
async def upload() -> Response:
    """Add the picture; what cannot be taken is said above the list."""
    if not _is_admin():
        return _show_sign_in(SignInPage(error=_ENDED), status=_NOT_SIGNED_IN)
    name = ""
    try:
        name = (await request.form).get("name", "")
        added = await _add(name)
    except RequestEntityTooLarge:
        return await _explain(ImageTooLarge(_limit()), name)
    except (InvalidImage, ImagesUnavailable) as error:
        return await _explain(error, name)
    known = {} if added.is_new else {"known": "1"}
    return _go_to(f"{IMAGES}?{urlencode({'added': added.key.text, **known})}")


@admin.post(SIGN_IN)
@rate_limit(limits=SIGN_INS)
async def sign_in() -> Response:
    """Begin a session for the right password."""
    password = (await request.form).get("password", "")
    token = await current_site().use_cases.admin.sign_in(password[: LONGEST_PASSWORD + 1])
    if token is None:
        page = SignInPage(error="That is not the password.")
        return _show_sign_in(page, status=_NOT_SIGNED_IN)
    response = _go_to(IMAGES)
    response.set_cookie(
        _cookie(),
        token,
        max_age=SESSION_SECONDS,
        path="/",
        secure=_is_secure(),
        httponly=True,
        samesite="Strict",
    )
    return response


@admin.post(SIGN_OUT)
@rate_limit(limits=PAGES)
async def sign_out() -> Response:
    """End the session in this browser."""
    response = _go_to(IMAGES)
    response.delete_cookie(
        _cookie(), path="/", secure=_is_secure(), httponly=True, samesite="Strict"
    )
    return response


async def _add(name: str) -> AddedImage:
    file = (await request.files).get("picture")
    if file is None:
        raise InvalidImage("No picture was chosen.")
    if is_too_large(file):
        raise ImageTooLarge(_limit())
    return await current_site().use_cases.admin.add_image(
        file.read(), file_name=file.filename or "", name=name[:LONGEST_NAME]
    )


async def _explain(error: OracleError, name: str) -> Response:
    kind = find_kind(type(error))
    form = UploadForm(limit=_limit(), name=name[:LONGEST_NAME], error=f"{error} {error.hint}")
    return await _show_images(form, status=_UNAVAILABLE if kind is None else kind.status)


async def _show_images(form: UploadForm, *, status: int = 200) -> Response:
    after = request.args.get("after", "")
    try:
        listed = await current_site().use_cases.admin.list_images(after)
    except ImagesUnavailable as error:
        page = ImagesPage(form, failure=f"{error} {error.hint}")
        status = _UNAVAILABLE
    else:
        page = build_images_page(form, listed, after=after)
    response = _show("images", "Pictures", page, status)
    if status == _UNAVAILABLE:
        response.headers["Retry-After"] = str(RETRY_SOON)
    return response


def _show_sign_in(page: SignInPage, *, status: int = 200) -> Response:
    return _show("sign_in", "Sign in", page, status)


def _show(name: str, title: str, page: Any, status: int) -> Response:
    head = Head(title=title, description="Pictures of this site.")
    return render_page(
        f"admin/{name}.html", fragment="admin", chrome=frame_page(head), page=page, status=status
    )


def _go_to(address: str) -> Response:
    response = Response(b"", status=303)
    response.headers["Location"] = address
    return response


def _is_admin() -> bool:
    token = request.cookies.get(_cookie(), "")
    return current_site().use_cases.admin.is_admin(token)


def _is_secure() -> bool:
    return current_site().settings.base_url.startswith("https://")


def _cookie() -> str:
    # Browsers take the first name only over TLS, for this host alone and for all of it.
    return "__Host-oracle-admin" if _is_secure() else "oracle-admin"


def _limit() -> str:
    return describe_limit(current_site().settings.image_max_bytes)
