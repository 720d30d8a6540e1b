"""The sign-up and the pages behind the links in mails, on the real services."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from structlog.testing import capture_logs

from oracle.adapters.sql.subscribers import SqlSubscriberRepository
from oracle.adapters.tokens import SignedTokens
from oracle.app import create_app
from oracle.digest.links import PREVIEW_TOKEN
from oracle.domain.errors import DatabaseUnavailable
from oracle.domain.runs import DeliveryState
from oracle.domain.subscribers import SubscriberState
from oracle.services.erase_subscriber import erase_subscriber
from oracle.services.subscriber_links import MAX_AGES, Purpose
from oracle.services.suppress_address import suppress_address
from oracle.settings import load_settings
from oracle.web.rate_limits import SIGN_UPS
from tests.unit.services.conftest import market
from tests.unit.services.subscriber_scene import (
    NAME,
    add,
    change,
    mailer_of,
    plan_delivery,
    states,
    stored,
    token,
)
from tests.web.conftest import BASE_URL
from tests.web.test_bad_input import HOSTILE

if TYPE_CHECKING:
    from quart import Quart, Response
    from quart.typing import TestClientProtocol

    from oracle.domain.subscribers import Subscriber
    from oracle.services.dependencies import Dependencies
    from tests.unit.services.scripted_market import ScriptedMarket

__all__ = ["market"]

HTMX = {"HX-Request": "true"}
ELSEWHERE = {"Sec-Fetch-Site": "cross-site", "Origin": "https://mail.example"}


@pytest.fixture
def deps(market: ScriptedMarket) -> Dependencies:
    """Return dependencies of a site that knows its public address."""
    return replace(market.deps, settings=load_settings(base_url=BASE_URL))


@pytest.fixture
def app(deps: Dependencies) -> Quart:
    """Return the application on the real services."""
    return create_app(deps)


async def sign_up(client: TestClientProtocol, email: str, **headers: str) -> Response:
    """Send the form."""
    return await client.post("/subscribers", form={"email": email}, headers=headers)


async def ask(client: TestClientProtocol, method: str, where: str, **options: Any) -> Response:
    """Make a request by that method."""
    methods = {
        "GET": client.get,
        "HEAD": client.head,
        "OPTIONS": client.options,
        "POST": client.post,
        "PUT": client.put,
    }
    return await methods[method](where, **options)


async def text_of(response: Response) -> str:
    """Return the answer's body without what differs from request to request."""
    body: str = await response.get_data(as_text=True)
    return body.replace(response.headers.get("X-Request-ID", "-"), "")


def path(deps: Dependencies, purpose: Purpose, subscriber: Subscriber) -> str:
    """Return the path of the subscriber's page."""
    return f"/subscribers/{token(deps, purpose, subscriber)}/{purpose.value}"


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
async def test_the_answer_is_the_same_for_every_address(
    client: TestClientProtocol, deps: Dependencies, headers: dict[str, str]
) -> None:
    """New, waiting, confirmed, gone, suppressed, asked too often: one status and one body."""
    await add(deps, "confirmed@example.org")
    await add(deps, "waiting@example.org", SubscriberState.PENDING)
    await add(deps, "gone@example.org", SubscriberState.UNSUBSCRIBED)
    await suppress_address(deps, "suppressed@example.org")
    answers = set()
    for who in ("new", "new", "waiting", "confirmed", "gone", "suppressed"):
        response = await sign_up(client, f"{who}@example.org", **headers)
        length = response.headers.get("Content-Length")
        answers.add((response.status_code, await text_of(response), length))
    assert len(answers) == 1
    ((status, body, _),) = answers
    assert status == 202
    assert "Look into your mail" in body
    assert "example.org" not in body.replace("name@example.org", "")
    assert ("<html" in body) is not bool(headers)


async def test_programs_get_one_answer_too(client: TestClientProtocol, deps: Dependencies) -> None:
    """The JSON interface tells no more than the form."""
    await add(deps, "confirmed@example.org")
    answers = set()
    for who in ("new", "confirmed"):
        response = await client.post("/api/v1/subscribers", json={"email": f"{who}@example.org"})
        answers.add((response.status_code, await response.get_data()))
    ((status, body),) = answers
    assert status == 202
    assert "confirm" in json.loads(body)["message"]
    assert (await stored(deps, "new@example.org")).origin == "api"


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"null", b"[]", b'"a@example.org"', b"{}", b'{"email": 1}', b"\xff\xfe"),
        *(b'{"email": null}', b'{"email": ["a@example.org"]}', b'{"email": "nobody"}'),
        *(b'{"email": "a@example.org", "state": "confirmed"}', b'{"email": "\\ud800@example.org"}'),
        b'{"email": "a@example.org\\r\\nBcc: b@example.org"}',
        b"[" * 30_000,
    ],
    ids=range(15),
)
async def test_programs_that_send_anything_else_are_told_so(
    client: TestClientProtocol, deps: Dependencies, body: bytes
) -> None:
    """Broken, foreign and too much JSON is a 4xx; nothing is stored or sent."""
    response = await client.post(
        "/api/v1/subscribers", data=body, headers={"Content-Type": "application/json"}
    )
    assert 400 <= response.status_code < 500
    assert response.mimetype == "application/problem+json"
    async with deps.store.begin() as unit:
        assert await unit.subscribers.list_subscribers(after=0, limit=9) == ()


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
async def test_a_mistyped_address_is_shown_again_with_what_is_wrong(
    client: TestClientProtocol, headers: dict[str, str]
) -> None:
    """The form comes back with the text that was typed, a reason, and the field marked."""
    response = await sign_up(client, "josé@example.org", **headers)
    page = await text_of(response)
    assert response.status_code == 400
    assert 'value="josé@example.org"' in page
    assert 'aria-invalid="true"' in page
    assert "letters without accents" in page
    assert ("<html" in page) is not bool(headers)


async def test_the_form_is_on_the_home_page_and_the_stocks_pages(
    client: TestClientProtocol,
) -> None:
    """It works without JavaScript, and has a page of its own as well."""
    for where in ("/", "/stocks/AAPL", "/subscribers"):
        page = await text_of(await client.get(where))
        assert page.count('action="/subscribers" method="post"') == 1, where
        assert page.count('id="signup"') == 1, where


async def test_the_whole_way_from_sign_up_to_leaving(
    client: TestClientProtocol, deps: Dependencies
) -> None:
    """Asked, confirmed, chosen, left: each by the button of a page that a mail's link opens."""
    await sign_up(client, NAME)
    await deps.confirmations.finish()
    mail = mailer_of(deps).sent[0]
    link = next(word for word in mail.content.text.split() if word.startswith(BASE_URL + "/sub"))
    opened = await client.get(link.removeprefix(BASE_URL))
    page = await opened.get_data(as_text=True)
    assert page.count('<form class="mail-step__actions" method="post">') == 1
    assert NAME not in page.replace('placeholder="name@example.org"', "")
    assert "n\u2022\u2022\u2022@example.org" in page
    assert (await stored(deps)).state is SubscriberState.PENDING
    for _ in range(2):
        done = await client.post(link.removeprefix(BASE_URL))
        assert done.status_code == 200
        assert "You are subscribed" in await done.get_data(as_text=True)
    subscriber = await stored(deps)
    preferences = path(deps, Purpose.PREFERENCES, subscriber)
    chosen = await client.post(preferences, form={"symbols": "ko, Apple"})
    page = await chosen.get_data(as_text=True)
    assert "Saved." in page
    assert page.index("Coca-Cola") < page.index("Apple") < page.index("Microsoft")
    leave = path(deps, Purpose.UNSUBSCRIBE, subscriber)
    assert "Leave the digest?" in await (await client.get(leave)).get_data(as_text=True)
    for _ in range(2):
        gone = await client.post(leave)
        assert "You are unsubscribed" in await gone.get_data(as_text=True)
    assert (await stored(deps)).state is SubscriberState.UNSUBSCRIBED
    kept = await client.post(preferences, form={"symbols": "AMD"})
    page = await kept.get_data(as_text=True)
    assert "Saved, should a digest be sent to you again." in page
    assert "You are not subscribed at the moment" in page


@pytest.mark.parametrize("purpose", list(Purpose))
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
async def test_looking_changes_nothing(
    client: TestClientProtocol, deps: Dependencies, purpose: Purpose, method: str
) -> None:
    """Scanners, previews and prefetching browsers may follow any link."""
    subscriber = await add(deps, state=SubscriberState.PENDING)
    prefetch = {"Sec-Purpose": "prefetch", "Sec-Fetch-Site": "none"}
    where = path(deps, purpose, subscriber)
    response = await ask(client, method, where, headers=prefetch)
    assert response.status_code == 200
    assert await stored(deps) == subscriber


async def test_one_click_unsubscribes_from_anywhere(
    client: TestClientProtocol, deps: Dependencies
) -> None:
    """A mail provider's server has no cookie and no origin, or an origin of its own (RFC 8058)."""
    subscriber = await add(deps)
    run_id = await plan_delivery(deps)
    where = path(deps, Purpose.UNSUBSCRIBE, subscriber)
    for headers in ({}, ELSEWHERE, {"Origin": "null"}):
        response = await client.post(where, form={"List-Unsubscribe": "One-Click"}, headers=headers)
        assert response.status_code == 200
        assert "Location" not in response.headers
        assert "Set-Cookie" not in response.headers
    assert (await stored(deps)).state is SubscriberState.UNSUBSCRIBED
    assert await states(deps, run_id) == {DeliveryState.SUPPRESSED: 1}


async def test_other_sites_can_post_nothing_else(
    client: TestClientProtocol, deps: Dependencies
) -> None:
    """Only that one route is open to them; not even its neighbours are."""
    subscriber = await add(deps, state=SubscriberState.PENDING)
    others = [path(deps, purpose, subscriber) for purpose in Purpose][:2]
    for where in (*others, "/subscribers", "/api/v1/subscribers"):
        response = await client.post(where, form={"email": "a@example.org"}, headers=ELSEWHERE)
        assert response.status_code == 403, where
    assert await stored(deps) == subscriber


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("purpose", list(Purpose))
async def test_a_link_for_something_else_is_explained(
    client: TestClientProtocol, deps: Dependencies, purpose: Purpose, method: str
) -> None:
    """Each purpose's token is void on the two other pages, which say how to get a new one."""
    subscriber = await add(deps, state=SubscriberState.PENDING)
    for other in set(Purpose) - {purpose}:
        where = f"/subscribers/{token(deps, other, subscriber)}/{purpose.value}"
        response = await ask(client, method, where)
        page = await response.get_data(as_text=True)
        assert response.status_code == 400
        assert "This link does not work any more" in page
        assert 'action="/subscribers" method="post"' in page
    assert await stored(deps) == subscriber


async def test_links_expire_but_the_one_to_leave(
    client: TestClientProtocol, deps: Dependencies
) -> None:
    """A link that is too old says so; leaving works for ever."""
    subscriber = await add(deps)
    for purpose, age in MAX_AGES.items():
        long_ago = SignedTokens("k" * 32, clock=lambda age=age: _years_ago(age))  # type: ignore[misc]
        old = long_ago.sign(purpose.value, subscriber.id, subscriber.generation)
        response = await client.get(f"/subscribers/{old}/{purpose.value}")
        page = await response.get_data(as_text=True)
        assert response.status_code == (200 if age is None else 400)
        assert ("too old" in page) is (age is not None)


def _years_ago(age: int | None) -> int:
    return int(time.time()) - (10 * 365 * 24 * 3600 if age is None else age + 5)


@pytest.mark.parametrize("purpose", [Purpose.PREFERENCES, Purpose.UNSUBSCRIBE])
async def test_a_link_of_a_preview_is_called_that(
    client: TestClientProtocol, purpose: Purpose
) -> None:
    """Who tries a preview's links learns that they are not broken, as a page and as JSON."""
    where = f"/subscribers/{PREVIEW_TOKEN}/{purpose.value}"
    for method in ("GET", "POST"):
        response = await ask(client, method, where)
        assert response.status_code == 400
        page = await response.get_data(as_text=True)
        assert '<h1 id="step-title">This is a preview</h1>' in page
        assert "damaged" not in page
        assert "does not work any more" not in page
        as_json = await ask(client, method, where, headers={"Accept": "application/json"})
        assert "stands in a preview" in json.loads(await as_json.get_data())["detail"]


async def test_a_wrong_choice_keeps_what_was_ticked(
    client: TestClientProtocol, deps: Dependencies
) -> None:
    """With a symbol to mend the tick of the pause stays, or stays away, as it was sent."""
    where = path(deps, Purpose.PREFERENCES, await add(deps))
    ticked = 'name="paused" value="yes" checked'
    for stored_as in (False, True):
        await change(deps, is_paused=stored_as)
        wrong = await client.post(where, form={"symbols": "ZZZZ", "paused": "yes"})
        assert wrong.status_code == 422
        assert ticked in await wrong.get_data(as_text=True)
        without = await client.post(where, form={"symbols": "ZZZZ"})
        assert ticked not in await without.get_data(as_text=True)
        assert (await stored(deps)).is_paused is stored_as


async def test_a_form_without_its_list_wipes_nothing(
    client: TestClientProtocol, deps: Dependencies
) -> None:
    """Only an empty list that was sent empties the list."""
    where = path(deps, Purpose.PREFERENCES, await add(deps))
    await client.post(where, form={"symbols": "KO"})
    for form in ({}, {"paused": "yes"}, {"symbol": "AMD"}):
        refused = await client.post(where, form=form)
        assert refused.status_code == 422
        assert "What was sent has no list of stocks. Nothing was saved." in (
            await refused.get_data(as_text=True)
        )
        assert ((await stored(deps)).symbols, (await stored(deps)).is_paused) == (("KO",), False)
    emptied = await client.post(where, form={"symbols": ""})
    assert emptied.status_code == 200
    assert (await stored(deps)).symbols == ()


@pytest.mark.parametrize(
    ("typed", "symbols"),
    [
        ("AMD KO", ("AMD", "KO")),
        ("amd  ko\tT", ("AMD", "KO", "T")),
        ("Snap On, KO", ("SNA", "KO")),
        ("Coca Cola AMD", None),
    ],
)
async def test_spaces_separate_symbols_where_no_company_has_that_name(
    client: TestClientProtocol, deps: Dependencies, typed: str, symbols: tuple[str, ...] | None
) -> None:
    """Snap-on stays one company, though SNAP and ON are symbols; what is unclear is refused."""
    where = path(deps, Purpose.PREFERENCES, await add(deps))
    response = await client.post(where, form={"symbols": typed})
    assert response.status_code == (422 if symbols is None else 200)
    assert (await stored(deps)).symbols == (symbols or ())


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_tokens_are_refused(client: TestClientProtocol, text: str) -> None:
    """Whatever stands in the place of a token: a 4xx, and nothing of it comes back as markup."""
    for purpose in (*Purpose, "nothing"):
        raw = f"/subscribers/{quote(text, safe='')}/{purpose}".encode()
        scope = {"path": f"/subscribers/{text}/{purpose}", "raw_path": raw}
        for method in ("GET", "POST"):
            response = await ask(client, method, "/", scope_base=scope)
            page = await response.get_data(as_text=True)
            assert 400 <= response.status_code < 500
            assert "<script>alert" not in page
            assert "<img src=x" not in page


@pytest.mark.parametrize("text", [*HOSTILE, "a@example.org\r\nBcc: b@example.org"])
async def test_hostile_sign_ups_are_refused(
    client: TestClientProtocol, deps: Dependencies, text: str
) -> None:
    """Nothing hostile is stored, sent to, or shown as markup."""
    for headers in ({}, HTMX):
        response = await sign_up(client, text, **headers)
        page = await text_of(response)
        assert response.status_code == 400
        assert "<script>alert" not in page
        assert '"><img' not in page
    async with deps.store.begin() as unit:
        assert await unit.subscribers.list_subscribers(after=0, limit=9) == ()


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_preferences_are_refused(
    client: TestClientProtocol, deps: Dependencies, text: str
) -> None:
    """The choice is shown again, escaped, with what is wrong; nothing of it is stored."""
    subscriber = await add(deps)
    where = path(deps, Purpose.PREFERENCES, subscriber)
    response = await client.post(where, form={"symbols": f"KO,{text}", "paused": text})
    page = await response.get_data(as_text=True)
    if text.strip():
        assert response.status_code == 422
        assert "Nothing was saved." in page
        assert await stored(deps) == subscriber
    else:
        assert response.status_code == 200
    assert "<script>alert" not in page
    assert '"><img' not in page


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data"),
        ("multipart/form-data", b"email=a@example.org"),
        ("multipart/form-data; boundary=\xff", b"--"),
        ("application/x-www-form-urlencoded; charset=nonsense", b"email=%ff%fe"),
        ("application/x-www-form-urlencoded", b"&" * 20_000),
        ("application/x-www-form-urlencoded", b"email=a&email=b&email[]=c"),
        ("text/plain", b"email=a@example.org"),
        ("nonsense", b"\x00"),
    ],
    ids=range(8),
)
async def test_broken_forms_are_the_clients_fault(
    client: TestClientProtocol, deps: Dependencies, kind: str, body: bytes
) -> None:
    """Whatever a body claims to be, on each form it is a 4xx, or an empty choice."""
    subscriber = await add(deps)
    headers = {"Content-Type": kind}
    refused = await client.post("/subscribers", data=body, headers=headers)
    assert 400 <= refused.status_code < 500
    where = path(deps, Purpose.PREFERENCES, subscriber)
    taken = await client.post(where, data=body, headers=headers)
    assert taken.status_code < 500
    assert (await stored(deps)).symbols == ()


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("purpose", list(Purpose))
async def test_pages_with_a_token_are_private(
    client: TestClientProtocol, deps: Dependencies, purpose: Purpose, method: str
) -> None:
    """No cache keeps them, no search engine lists them, no other site learns their address."""
    subscriber = await add(deps)
    for where in (path(deps, purpose, subscriber), f"/subscribers/damaged/{purpose.value}"):
        response = await ask(client, method, where)
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["Cache-Control"] == "no-store"
        assert "noindex" in response.headers["X-Robots-Tag"]
        page = await response.get_data(as_text=True)
        assert '<meta name="robots" content="noindex">' in page
        assert "canonical" not in page


@pytest.mark.parametrize("ending", ["confirm", "nothing", "confirm/", ""])
async def test_no_token_reaches_a_log(
    client: TestClientProtocol, deps: Dependencies, ending: str
) -> None:
    """Neither of a good link, nor of a void, misspelt or failing one."""
    subscriber = await add(deps, state=SubscriberState.PENDING)
    good = token(deps, Purpose.CONFIRM, subscriber)
    with capture_logs() as lines:
        for each in (good, good[:-3] + "abc"):
            for start in ("/subscribers", "/Subscribers", "//subscribers", "/api/subscribers"):
                await client.get(f"{start}/{each}/{ending}")
                await client.post(f"{start}/{each}/{ending}", headers={"Host": "evil.example"})
        await erase_subscriber(deps, NAME)
        await client.post(f"/subscribers/{good}/{ending}")
        await deps.store.aclose()
        await client.get(f"/subscribers/{good}/{ending}")
    assert len([line for line in lines if line["event"] == "http_request"]) == 18
    assert good[:20] not in json.dumps(lines, default=str)
    assert "example.org" not in json.dumps(lines, default=str)


@pytest.mark.parametrize("ending", ["confirm", "preferences", "unsubscribe", "unknown"])
@pytest.mark.parametrize("accept", ["application/json", "text/html"])
async def test_an_error_repeats_no_token(
    client: TestClientProtocol, deps: Dependencies, ending: str, accept: str
) -> None:
    """Neither as a page nor as problem+json, whose `instance` is the path without it."""
    damaged = token(deps, Purpose.CONFIRM, await add(deps))[:-3] + "abc"
    for ask in (client.get, client.post):
        response = await ask(f"/subscribers/{damaged}/{ending}", headers={"Accept": accept})
        assert 400 <= response.status_code < 500
        assert damaged[:20] not in await response.get_data(as_text=True)


async def test_an_outage_is_told_and_not_taken_for_a_bad_link(
    client: TestClientProtocol, deps: Dependencies, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the database is away a link is asked to be tried again, in 503 and Retry-After."""
    subscriber = await add(deps)

    async def away(*_: object) -> None:
        raise DatabaseUnavailable("The database does not answer.")

    monkeypatch.setattr(SqlSubscriberRepository, "find_subscriber", away)
    for purpose in Purpose:
        response = await client.post(path(deps, purpose, subscriber))
        assert response.status_code == 503
        assert response.headers["Retry-After"] == "5"
        assert response.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("method", "end", "status"),
    [
        ("GET", "Confirm", 404),
        ("POST", "confirm/now", 404),
        ("GET", "", 404),
        ("PUT", "confirm", 405),
    ],
)
async def test_a_mistyped_link_keeps_its_token_private_too(
    client: TestClientProtocol, deps: Dependencies, method: str, end: str, status: int
) -> None:
    """An address that leads nowhere may hold a token: it is kept and told by nobody either."""
    link = path(deps, Purpose.CONFIRM, await add(deps))
    response = await ask(client, method, f"{link.rpartition('/')[0]}/{end}")
    assert response.status_code == status
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-store"
    assert "noindex" in response.headers["X-Robots-Tag"]
    assert link.split("/")[2] not in await response.get_data(as_text=True)


async def test_one_client_cannot_sign_up_many(
    client: TestClientProtocol, deps: Dependencies
) -> None:
    """Beyond ten a minute there is 429; what came before it was asked."""
    statuses = [
        (await sign_up(client, f"a{number}@example.org")).status_code
        for number in range(SIGN_UPS[0].count + 1)
    ]
    assert statuses[-1] == 429
    assert set(statuses[:-1]) == {202}
    await deps.confirmations.finish()
    assert len(mailer_of(deps).sent) == SIGN_UPS[0].count


async def test_pages_say_why_no_mail_comes(client: TestClientProtocol, deps: Dependencies) -> None:
    """Paused, suppressed and gone ones see it on their page of preferences."""
    subscriber = await add(deps)
    where = path(deps, Purpose.PREFERENCES, subscriber)
    await change(deps, is_paused=True)
    assert "The digest pauses." in await (await client.get(where)).get_data(as_text=True)
    await suppress_address(deps, NAME)
    assert "nothing is sent there" in await (await client.get(where)).get_data(as_text=True)
    await client.post(path(deps, Purpose.UNSUBSCRIBE, subscriber))
    assert "You are not subscribed" in await (await client.get(where)).get_data(as_text=True)


async def test_programs_get_problems_as_json(
    client: TestClientProtocol, deps: Dependencies
) -> None:
    """Who prefers JSON gets the same refusals in it."""
    as_json = {"Accept": "application/json"}
    link = await client.get("/subscribers/damaged/confirm", headers=as_json)
    assert (link.status_code, link.mimetype) == (400, "application/problem+json")
    email = await sign_up(client, "nobody", **as_json)
    assert (email.status_code, email.mimetype) == (400, "application/problem+json")
    where = path(deps, Purpose.PREFERENCES, await add(deps))
    choice = await client.post(where, form={"symbols": "ZZZZ"}, headers=as_json)
    assert (choice.status_code, choice.mimetype) == (422, "application/problem+json")
