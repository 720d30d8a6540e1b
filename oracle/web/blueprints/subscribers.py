"""Subscribing to the digest: sign-up, and the pages that the links in mails lead to.

A GET shows one button and changes nothing, since mail scanners follow links; a POST acts, and
repeating it is success. The token is the whole authority: there are no cookies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from quart import Blueprint, Response, request
from quart_rate_limiter import rate_limit

from oracle.domain.errors import InvalidAddress, InvalidPreferences, InvalidToken, PreviewLink
from oracle.domain.subscribers import SubscriberState
from oracle.services.subscriber_links import Purpose
from oracle.web.contexts.chrome import Head
from oracle.web.contexts.subscribers import (
    InvalidLinkPage,
    PreferencesPage,
    SignUpPage,
    SubscriptionPage,
    build_subscription_page,
    list_stocks,
)
from oracle.web.errors import find_kind
from oracle.web.frame import frame_page
from oracle.web.problems import answer_error, wants_json
from oracle.web.rate_limits import CHANGES, PAGES, SIGN_UPS, UNSUBSCRIBES
from oracle.web.rendering import render_page
from oracle.web.site import current_site

if TYPE_CHECKING:
    from typing import Any

    from werkzeug.exceptions import HTTPException

    from oracle.services.subscriber_links import Holder

subscribers = Blueprint("subscribers", __name__)

SENT = 202
REFUSED = 400
WRONG_CHOICE = 422
_PERSONAL = "/subscribers/"
LONGEST_SHOWN = 320
"""Of what somebody typed so much is shown again; the longest address is shorter."""


@subscribers.after_app_request
async def keep_private(response: Response) -> Response:
    """Let no cache, search engine or other site learn an address with a token in it.

    A mistyped one matches no route and may hold a token all the same.
    """
    if _PERSONAL in request.path.lower():
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@subscribers.errorhandler(InvalidToken)
async def explain_invalid_link(error: InvalidToken) -> Response | HTTPException:
    """Answer a link that does not work with what to do instead."""
    if wants_json():
        return await answer_error(error)
    kind = find_kind(InvalidToken)
    is_preview = isinstance(error, PreviewLink)
    title = "This link does not work any more" if kind is None else kind.title
    if is_preview:
        title = "This is a preview"
    return _show(
        "invalid_link",
        title=title,
        page=InvalidLinkPage(title, str(error), is_preview=is_preview, form=SignUpPage()),
        status=REFUSED if kind is None else kind.status,
    )


@subscribers.get("/subscribers")
@rate_limit(limits=PAGES)
async def show_sign_up() -> Response:
    """Show the form."""
    return _show("sign_up", title="The evening digest", page=SignUpPage(), path="/subscribers")


@subscribers.post("/subscribers")
@rate_limit(limits=SIGN_UPS)
async def sign_up() -> Response:
    """Let a mail be sent that asks to confirm; the answer is the same for every address."""
    typed = (await request.form).get("email", "")
    try:
        await current_site().use_cases.subscriptions.subscribe(typed, origin="site")
    except InvalidAddress as error:
        if wants_json():
            raise
        page = SignUpPage(typed=typed[:LONGEST_SHOWN], error=f"{error} {error.hint}")
        return _show("sign_up", title="The evening digest", page=page, status=REFUSED)
    return _show(
        "sign_up", title="Look into your mail", page=SignUpPage(is_asked=True), status=SENT
    )


@subscribers.get("/subscribers/<token>/confirm")
@rate_limit(limits=PAGES)
async def show_confirmation(token: str) -> Response:
    """Show the button that confirms, or that it is done already."""
    holder = _require(await _open(Purpose.CONFIRM, token))
    is_done = holder.subscriber.state is SubscriberState.CONFIRMED
    return _show_confirmation(holder, is_done=is_done)


@subscribers.post("/subscribers/<token>/confirm")
@rate_limit(limits=CHANGES)
async def confirm(token: str) -> Response:
    """Confirm."""
    holder = await current_site().use_cases.subscriptions.confirm(token)
    return _show_confirmation(holder, is_done=True)


@subscribers.get("/subscribers/<token>/unsubscribe")
@rate_limit(limits=PAGES)
async def show_unsubscription(token: str) -> Response:
    """Show the button that unsubscribes, or that it is done already."""
    holder = await _open(Purpose.UNSUBSCRIBE, token)
    is_done = holder is None or holder.subscriber.state is SubscriberState.UNSUBSCRIBED
    return _show_unsubscription(holder, is_done=is_done)


@subscribers.post("/subscribers/<token>/unsubscribe")
@rate_limit(limits=UNSUBSCRIBES)
async def unsubscribe(token: str) -> Response:
    """Unsubscribe; mail programs send this by themselves (RFC 8058), whatever the body says."""
    holder = await current_site().use_cases.subscriptions.unsubscribe(token)
    return _show_unsubscription(holder, is_done=True)


@subscribers.get("/subscribers/<token>/preferences")
@rate_limit(limits=PAGES)
async def show_preferences(token: str) -> Response:
    """Show the choice of stocks and the pause."""
    return _show_preferences(_require(await _open(Purpose.PREFERENCES, token)), is_done=False)


@subscribers.post("/subscribers/<token>/preferences")
@rate_limit(limits=CHANGES)
async def change_preferences(token: str) -> Response:
    """Store the choice; one that cannot be is shown again with what is wrong with it."""
    form = await request.form
    typed = form.get("symbols")
    is_paused = form.get("paused") == "yes"
    change = current_site().use_cases.subscriptions.change_preferences
    try:
        holder = await change(token, _split(typed), is_paused=is_paused)
    except InvalidPreferences as error:
        holder = _require(await _open(Purpose.PREFERENCES, token))
        if wants_json():
            raise
        return _show_preferences(
            holder, is_done=False, typed=typed, is_pause_ticked=is_paused, error=error
        )
    return _show_preferences(holder, is_done=True)


def _split(typed: str | None) -> list[str]:
    if typed is None:
        # An empty list would be stored in its place, and what was chosen would be gone.
        raise InvalidPreferences("What was sent has no list of stocks.")
    # A name may have a space in it: only commas, semicolons and lines separate for sure.
    return typed.replace(";", ",").replace("\n", ",").split(",")


async def _open(purpose: Purpose, token: str) -> Holder | None:
    return await current_site().use_cases.subscriptions.open_link(purpose, token)


def _require(holder: Holder | None) -> Holder:
    if holder is None:
        raise InvalidToken("This link belongs to a subscription that was deleted.")
    return holder


def _show_confirmation(holder: Holder, *, is_done: bool) -> Response:
    return _show(
        "confirm",
        title="You are subscribed" if is_done else "Confirm your subscription",
        page=_subscription(holder, is_done=is_done),
    )


def _show_unsubscription(holder: Holder | None, *, is_done: bool) -> Response:
    return _show(
        "unsubscribe",
        title="You are unsubscribed" if is_done else "Unsubscribe",
        page=_subscription(holder, is_done=is_done),
    )


def _show_preferences(
    holder: Holder,
    *,
    is_done: bool,
    typed: str | None = None,
    is_pause_ticked: bool | None = None,
    error: InvalidPreferences | None = None,
) -> Response:
    site = current_site()
    own = holder.subscriber.symbols
    watchlist = site.settings.watchlist
    names = {each.symbol: each.name for each in site.use_cases.instruments((*own, *watchlist))}
    page = PreferencesPage(
        subscription=_subscription(holder, is_done=is_done),
        typed=", ".join(own) if typed is None else typed[:LONGEST_SHOWN],
        is_pause_ticked=(
            holder.subscriber.is_paused if is_pause_ticked is None else is_pause_ticked
        ),
        stocks=list_stocks(own, watchlist, names),
        error="" if error is None else str(error),
        suggestions=() if error is None else error.suggestions,
        unsubscribe=_path_of(holder, Purpose.UNSUBSCRIBE),
    )
    return _show(
        "preferences",
        title="Your digest",
        page=page,
        status=200 if error is None else WRONG_CHOICE,
    )


def _subscription(holder: Holder | None, *, is_done: bool) -> SubscriptionPage:
    site = current_site()
    settings = site.settings
    place = settings.digest_timezone.rpartition("/")[2].replace("_", " ")
    return build_subscription_page(
        holder,
        is_done=is_done,
        sending_time=f"{settings.digest_time:%H:%M} {place} time",
        preferences=None if holder is None else _path_of(holder, Purpose.PREFERENCES),
    )


def _path_of(holder: Holder, purpose: Purpose) -> str | None:
    """Return the path of another page of theirs, None for who has nothing to choose or leave."""
    if holder.subscriber.state is not SubscriberState.CONFIRMED:
        return None
    return current_site().use_cases.subscriptions.make_path(purpose, holder.subscriber)


def _show(
    name: str, *, title: str, page: Any, path: str | None = None, status: int = 200
) -> Response:
    return render_page(
        f"subscribers/{name}.html",
        fragment="subscription",
        chrome=frame_page(
            Head(
                title=title,
                description="The evening digest: ten stocks by mail, every evening of a session.",
                path=path,
            )
        ),
        page=page,
        status=status,
    )
