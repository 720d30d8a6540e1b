"""The design system's page: every state from the templates that visitors see."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from oracle.web.design.states import list_states
from tests.web.conftest import PRODUCTION

if TYPE_CHECKING:
    from quart.typing import TestClientProtocol

    from tests.web.conftest import BuildApp

SHOWN = (
    *("Sample data, not live.", "Rehearsal: not live.", "Market open", "After hours"),
    *("Example Company", "No match for", "Best buy for today", "No clear buy for"),
    "Best buy for Thu 29 Dec, before costs",
    *("None could be forecast", "Last session", "Outdated", "The ranking is not available"),
    *("skeleton--table", "skeleton--figure", "Stale", "Closed", "Cannot say", "No data"),
    *("change--up", "change--down", "change--unchanged", "No live prediction is settled yet"),
    *("Works", "Behind", "Fails", "Not known", "No digest has been sent yet", "Did you mean"),
    *("No match</h1>", "Matches for", "typing errors are forgiven", "The whole record"),
    *("Type a company", "has closed. The next forecast", "Here stands what to change"),
)


async def read(client: TestClientProtocol) -> str:
    """Return the page's markup."""
    response = await client.get("/design")
    assert response.status_code == 200
    return str(await response.get_data(as_text=True))


@pytest.mark.parametrize("words", SHOWN)
async def test_every_state_is_shown(client: TestClientProtocol, words: str) -> None:
    """Whatever a visitor may meet can be looked at without waiting for it to happen."""
    assert words in await read(client)


async def test_states_do_not_get_into_each_others_way(client: TestClientProtocol) -> None:
    """No two elements share an id, every reference leads to one, and no placeholder loads."""
    page = await read(client)
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids)) > len(list_states())
    references = re.findall(r'(?:aria-labelledby="|aria-describedby="|href="#)([^"]+)"', page)
    assert {each for reference in references for each in reference.split()} <= set(ids)
    assert 'hx-trigger="load"' not in page
    assert "&lt;section" not in page


async def test_states_are_named_apart(client: TestClientProtocol) -> None:
    """Each state has a heading of its own and a link that leads to it."""
    names = [f"{state.part}: {state.name}" for state in list_states()]
    assert len(names) == len(set(names))
    page = await read(client)
    assert all(page.count(f">{name}</") == 2 for name in names)


async def test_search_engines_leave_it_alone(client: TestClientProtocol) -> None:
    """Made-up examples are never indexed."""
    assert '<meta name="robots" content="noindex">' in await read(client)


async def test_production_does_not_have_it(build_app: BuildApp) -> None:
    """Where customers are, made-up examples cannot be found."""
    client = build_app(**PRODUCTION).test_client()
    response = await client.get("/design", headers={"Host": "oracle.example"})
    assert response.status_code == 404
