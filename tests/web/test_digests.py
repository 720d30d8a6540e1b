"""The archive of digests, as pages and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from oracle.adapters.mail.renderer import MAIL_TEMPLATES, TemplateMailRenderer
from oracle.digest.content import Mark
from oracle.digest.letter import write_letter
from oracle.digest.links import digest_links
from oracle.domain.instruments import Source
from oracle.web.design import examples
from tests.unit.adapters.test_mail_templates import Elements
from tests.web.scenes import AS_OF, market
from tests.web.test_about import read

if TYPE_CHECKING:
    from quart.typing import TestClientProtocol

    from tests.web.scenes import Scene

PAGE = f"/digests/{AS_OF.isoformat()}"


async def test_the_list_leads_to_each_digest(client: TestClientProtocol) -> None:
    """A session stands there with its target and what was named best buy."""
    page = await (await client.get("/digests")).get_data(as_text=True)
    assert f'href="{PAGE}"' in page
    text = await read(client, "/digests")
    assert "Wed 28 Dec 2022" in text
    assert "Example Company" in text
    assert "No digest has been sent yet" not in text


async def test_a_digest_shows_what_came_beside_what_was_said(client: TestClientProtocol) -> None:
    """Frozen figures and settled closes stand in one row; the missing one says why."""
    text = await read(client, PAGE)
    assert "Digest of Wed 28 Dec 2022" in text
    assert "1 of 2 closes of Thu 29 Dec 2022 fell into their 80" in text
    assert "$100.40" in text
    assert "$100.90" in text
    assert "held" in text
    assert "missed" in text
    assert "The close is not in yet." in text


async def test_what_is_not_settled_is_said_to_be_open(
    scene: Scene, client: TestClientProtocol
) -> None:
    """Before the close nothing pretends to be a result."""
    scene.digests = {AS_OF: examples.digest(settled=False)}
    text = await read(client, PAGE)
    assert "is not settled yet" in text
    assert "held" not in text
    assert "missed" not in text


async def test_an_evening_without_a_pick_is_told_as_one(
    scene: Scene, client: TestClientProtocol
) -> None:
    """No clear buy is an answer, in the list and on the page."""
    archived = examples.digest(settled=True)
    first, *others = archived.content.items
    items = (replace(first, predicted=99.9, score=-0.05), *others)
    scene.digests = {AS_OF: replace(archived, content=replace(archived.content, items=items))}
    assert "No clear buy that evening" in await read(client, PAGE)
    assert "No clear buy" in await read(client, "/digests")
    body = json.loads(await (await client.get(f"/api/v1{PAGE}")).get_data())
    assert body["best"] is None


async def test_an_evening_without_forecasts_is_told_as_one(
    scene: Scene, client: TestClientProtocol
) -> None:
    """Where nothing was forecast, nothing is said of what was expected to rise."""
    archived = examples.digest(settled=False)
    items = tuple(
        replace(each, score=None, predicted=None, mark=Mark.MISSING, reasons=("Not in yet.",))
        for each in archived.content.items
    )
    scene.digests = {AS_OF: replace(archived, content=replace(archived.content, items=items))}
    page = await read(client, PAGE)
    assert "None could be forecast that evening" in page
    assert "expected to close above" not in page
    assert "None could be forecast" in await read(client, "/digests")


async def test_a_best_before_costs_stays_one_in_the_archive(
    scene: Scene, client: TestClientProtocol
) -> None:
    """Page, list and JSON say of a best buy that its expected gain was below the costs."""
    archived = examples.digest(settled=True)
    first, *others = archived.content.items
    items = (replace(first, predicted=100.08), *others)
    for content, expected in (
        (archived.content, False),
        (replace(archived.content, items=items), True),
    ):
        scene.digests = {AS_OF: replace(archived, content=content)}
        page = await read(client, PAGE)
        assert ("Best buy of that evening, before costs" in page) is expected
        assert ("EXMP , before costs" in await read(client, "/digests")) is expected
        body = json.loads(await (await client.get(f"/api/v1{PAGE}")).get_data())
        assert body["best"]["covers_costs"] is not expected


@pytest.mark.parametrize(
    "day", ["2022-12-27", "2022-13-40", "20221228", "tonight", "2022-12-28T00:00", "0000-00-00"]
)
async def test_another_day_has_no_digest(client: TestClientProtocol, day: str) -> None:
    """A day without a digest, and what is no day, are both nowhere; as a page and as JSON."""
    page = await client.get(f"/digests/{day}")
    assert page.status_code == 404
    assert "There is no digest of that day" in await page.get_data(as_text=True)
    answer = await client.get(f"/api/v1/digests/{day}")
    assert answer.status_code == 404
    assert json.loads(await answer.get_data())["type"].endswith("#problem-unknown-digest")


async def test_json_has_the_frozen_figures_and_the_outcomes(client: TestClientProtocol) -> None:
    """Programs read the same as people, and null where nothing is known."""
    listed = json.loads(await (await client.get("/api/v1/digests")).get_data())
    assert listed["digests"] == [{"as_of": "2022-12-28", "target": "2022-12-29", "best": "EXMP"}]
    digest = json.loads(await (await client.get(f"/api/v1{PAGE}")).get_data())
    best, other, late = digest["stocks"]
    assert (best["symbol"], best["outcome"]["close"]) == ("EXMP", 100.9)
    assert best["outcome"]["inside_80"] is True
    assert other["outcome"]["inside_80"] is False
    assert (late["mark"], late["predicted_price"], late["outcome"]) == ("missing", None, None)
    assert (digest["is_sample"], digest["is_rehearsal"]) == (False, False)


@pytest.mark.parametrize("source", [Source.SAMPLE, Source.REHEARSAL])
async def test_digests_of_the_sample_market_are_marked(
    scene: Scene, client: TestClientProtocol, source: Source
) -> None:
    """What is not live says so on the page and in the JSON."""
    archived = examples.digest(settled=True)
    scene.digests = {AS_OF: replace(archived, content=replace(archived.content, source=source))}
    scene.status = market(source)
    text = await read(client, PAGE)
    assert "not live" in text
    digest = json.loads(await (await client.get(f"/api/v1{PAGE}")).get_data())
    assert digest["is_sample"] is (source is Source.SAMPLE)
    assert digest["is_rehearsal"] is (source is Source.REHEARSAL)


async def test_names_are_escaped(scene: Scene, client: TestClientProtocol) -> None:
    """A company's name is text, whatever it holds."""
    archived = examples.digest(settled=True)
    items = tuple(replace(each, name="<b>x</b>") for each in archived.content.items)
    scene.digests = {AS_OF: replace(archived, content=replace(archived.content, items=items))}
    for path in (PAGE, "/digests"):
        page = await (await client.get(path)).get_data(as_text=True)
        assert "<b>x</b>" not in page
        assert "&lt;b&gt;x&lt;/b&gt;" in page


async def test_no_link_of_a_mail_is_broken(scene: Scene, client: TestClientProtocol) -> None:
    """Each leads to a page of this very site; a made-up token's pages say that it does not work."""
    archived = scene.digests[AS_OF]
    items = tuple(
        replace(each, symbol=symbol)
        for each, symbol in zip(archived.content.items, ("AAPL", "META", "XOM"), strict=True)
    )
    content = replace(archived.content, items=items, listed=("AAPL", "META", "XOM"))
    scene.digests = {AS_OF: replace(archived, content=content)}
    links = digest_links(
        "https://oracle.example", AS_OF, preferences_token="token", unsubscribe_token="token"
    )
    mail = TemplateMailRenderer(MAIL_TEMPLATES).render("digest", write_letter(content, links))
    found = {attrs["href"] or "" for tag, attrs in Elements(mail.html).found if tag == "a"}
    assert len(found) > 6
    for link in found:
        path = link.removeprefix("https://oracle.example")
        assert path.startswith("/")
        answer = await client.get(path)
        if "token" in path:
            assert "This link does not work any more" in await answer.get_data(as_text=True)
        else:
            assert answer.status_code == 200, path
