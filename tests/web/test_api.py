"""The JSON interface: its objects, its errors, its description."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31

from oracle.domain.errors import (
    DatabaseUnavailable,
    FeedRateLimited,
    TooManyLookups,
    UnsupportedInstrument,
)
from oracle.domain.forecasts import LEVELS
from oracle.domain.instruments import Source
from oracle.web.api.openapi import build_openapi
from oracle.web.api.operations import OPERATIONS
from tests.web import scenes

if TYPE_CHECKING:
    from quart import Quart
    from quart.typing import TestClientProtocol

    from tests.web.scenes import Scene

DESCRIPTION = build_openapi("https://oracle.example")


def check(instance: Any, model: str) -> None:
    """Assert that the object is what the OpenAPI description says of that model."""
    schema = {"$ref": f"#/components/schemas/{model}", "components": DESCRIPTION["components"]}
    jsonschema_rs.Draft202012Validator(schema).validate(instance)


async def answer(client: TestClientProtocol, path: str, model: str, status: int = 200) -> Any:
    """Return the JSON of an answer that has that status and fits that model."""
    response = await client.get(path)
    body = json.loads(await response.get_data())
    assert response.status_code == status, body
    kind = "application/json" if status == 200 else "application/problem+json"
    assert response.mimetype == kind
    check(body, model)
    return body


async def test_a_stock_has_exactly_the_promised_members(client: TestClientProtocol) -> None:
    """Price and prediction carry their times in UTC, sessions as dates, prices as numbers."""
    stock = await answer(client, "/api/v1/stocks/AAPL", "Stock")
    assert stock["symbol"] == "AAPL"
    assert stock["name"] == "Apple Inc."
    assert stock["currency"] == "USD"
    assert stock["current"] == {
        "price": 125.5,
        "as_of": "2022-12-28T21:00:00Z",
        "market_state": "closed",
        "source": "yahoo",
        "stale": False,
    }
    prediction = stock["prediction"]
    assert prediction["as_of"] == "2022-12-28"
    assert prediction["target"] == "2022-12-29"
    assert prediction["point"] == pytest.approx(125.5)
    assert prediction["change_percent"] == pytest.approx(0.4)
    assert [each["level"] for each in prediction["quantiles"]] == list(LEVELS)
    assert {"model_version", "abstained", "reasons"} <= set(prediction)


async def test_a_stock_without_price_or_prediction_is_no_error(
    client: TestClientProtocol, scene: Scene
) -> None:
    """What is not known is null, with the reason beside it, and never a 5xx."""
    scene.reports["AAPL"] = replace(
        scenes.report(), quote=None, prediction=None, notices=("The feed does not answer.",)
    )
    stock = await answer(client, "/api/v1/stocks/AAPL", "Stock")
    assert stock["current"] is None
    assert stock["prediction"] is None
    assert stock["notices"] == ["The feed does not answer."]


async def test_an_abstention_has_no_numbers(client: TestClientProtocol, scene: Scene) -> None:
    """A declined prediction has a null point, no quantiles, and its reason."""
    scene.reports["AAPL"] = replace(scenes.report(), prediction=scenes.abstention())
    prediction = (await answer(client, "/api/v1/stocks/AAPL", "Stock"))["prediction"]
    assert prediction["abstained"] is True
    assert prediction["point"] is None
    assert prediction["change_percent"] is None
    assert prediction["quantiles"] == []
    assert prediction["reasons"]


@pytest.mark.parametrize(
    ("source", "marks"),
    [
        (Source.YAHOO, {"source": "yahoo", "is_sample": False, "is_rehearsal": False}),
        (Source.SAMPLE, {"source": "sample", "is_sample": True, "is_rehearsal": False}),
        (
            Source.REHEARSAL,
            {"source": "yahoo (rehearsal)", "is_sample": False, "is_rehearsal": True},
        ),
    ],
)
async def test_every_answer_says_whether_it_is_live(
    client: TestClientProtocol, scene: Scene, source: Source, marks: dict[str, object]
) -> None:
    """Programs see as plainly as people what is sample data or a rehearsal, and whose format."""
    scene.status = scenes.market(source)
    scene.reports["AAPL"] = scenes.report(source=source)
    scene.ranked = scenes.ranking(source=source)
    stock = await answer(client, "/api/v1/stocks/AAPL", "Stock")
    assert marks.items() <= stock.items()
    assert stock["current"]["source"] == marks["source"]
    ranked = await answer(client, "/api/v1/recommendation", "Recommendation")
    assert marks.items() <= ranked.items()
    assert marks.items() <= (await answer(client, "/api/v1/search?q=a", "SearchResults")).items()


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/api/v1/recommendation?symbol=AAPL,KO", "symbols"),
        ("/api/v1/recommendation?symbols=AAPL,KO&Symbols=HD", "symbols"),
        ("/api/v1/stocks/AAPL?range=1y", "no parameters"),
        ("/api/v1/search?query=apple", "q"),
        ("/api/v1/search?q=apple&limit=3", "q"),
    ],
)
async def test_a_misspelt_parameter_is_refused(
    client: TestClientProtocol, scene: Scene, path: str, allowed: str
) -> None:
    """A typing error is told, with what is allowed, instead of answering another question."""
    body = await answer(client, path, "ProblemDetails", 422)
    assert body["type"].endswith("#problem-unknown-parameter")
    assert body["hint"] == f"Allowed here: {allowed}."
    assert scene.asked == []


async def test_too_many_lookups_are_told_when_to_come_back(
    client: TestClientProtocol, scene: Scene
) -> None:
    """Who asks for too many unknown symbols gets 429 with Retry-After, as page and as JSON."""
    scene.reports["ZZZZ"] = TooManyLookups("Too many unknown symbols were asked for just now.")
    for path, form in (("/api/v1/stocks/ZZZZ", "problem+json"), ("/stocks/ZZZZ", "html")):
        response = await client.get(path)
        assert response.status_code == 429
        assert response.headers["Retry-After"] == "60"
        assert form in str(response.mimetype)


async def test_a_recommendation_ranks_and_names_the_best(client: TestClientProtocol) -> None:
    """The stocks come best first, with their ranges; those not ranked come with reasons."""
    body = await answer(client, "/api/v1/recommendation", "Recommendation")
    assert body["as_of"] == "2022-12-28"
    assert body["target"] == "2022-12-29"
    assert body["best"] == {
        "symbol": "AAPL",
        "reason": "The most for its risk.",
        "covers_costs": True,
    }
    first = body["stocks"][0]
    assert set(first) == {
        *("rank", "symbol", "name", "current_price", "predicted_price"),
        *("change_percent", "lower_80", "upper_80", "score"),
    }
    assert first["lower_80"] < first["predicted_price"] < first["upper_80"]
    assert body["unavailable"] == [{"symbol": "JPM", "reason": "The feed gave no prices."}]


async def test_json_tells_a_best_that_costs_more_than_it_gains(
    client: TestClientProtocol, scene: Scene
) -> None:
    """A program can be as candid as the card: the costs of 0.10 per cent are compared for it."""
    scene.ranked = scenes.ranking(rise=0.0009)
    body = await answer(client, "/api/v1/recommendation", "Recommendation")
    assert body["best"]["covers_costs"] is False


async def test_no_best_is_null(client: TestClientProtocol, scene: Scene) -> None:
    """Without a clear buy the member is there and null."""
    scene.ranked = scenes.ranking(best=False)
    body = await answer(client, "/api/v1/recommendation", "Recommendation")
    assert body["best"] is None


@pytest.mark.parametrize(
    "query", ["symbols=AAPL,KO", "symbols=AAPL&symbols=KO", "symbols=AAPL%20KO"]
)
async def test_a_selection_may_be_written_in_several_ways(
    client: TestClientProtocol, scene: Scene, query: str
) -> None:
    """Commas, spaces and a repeated parameter all give the same list."""
    await answer(client, f"/api/v1/recommendation?{query}", "Recommendation")
    assert scene.asked == [("AAPL", "KO")]


async def test_a_search_gives_matches(client: TestClientProtocol) -> None:
    """A name finds its symbol, and an exact one is named as meant."""
    body = await answer(client, "/api/v1/search?q=appl", "SearchResults")
    assert [match["symbol"] for match in body["matches"]] == ["AAPL"]
    assert body["exact"] is None
    assert (await answer(client, "/api/v1/search?q=aapl", "SearchResults"))["exact"] == "AAPL"


async def test_a_symbol_may_be_written_in_lower_case(client: TestClientProtocol) -> None:
    """Programs get the stock at once, under its one spelling."""
    assert (await answer(client, "/api/v1/stocks/brk.b", "Stock"))["symbol"] == "BRK-B"


async def test_a_problem_says_what_to_do(client: TestClientProtocol) -> None:
    """An error names its kind, what happened, a hint, suggestions, and the request's id."""
    response = await client.get("/api/v1/stocks/APPL", headers={"X-Request-ID": "test-0001"})
    body = json.loads(await response.get_data())
    check(body, "ProblemDetails")
    assert body == {
        "type": "https://oracle.example/api/docs#problem-unknown-symbol",
        "title": "No such stock is known",
        "status": 404,
        "detail": "No stock with the symbol APPL is known.",
        "instance": "/api/v1/stocks/APPL",
        "hint": "Search by the company's name instead.",
        "request_id": "test-0001",
        "suggestions": ["AAPL"],
    }


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (DatabaseUnavailable("The database does not answer."), 503),
        (FeedRateLimited("The feed refuses."), 503),
        (UnsupportedInstrument("That is an index."), 422),
        (RuntimeError("secret detail"), 500),
    ],
)
async def test_errors_have_their_status(
    client: TestClientProtocol, scene: Scene, error: Exception, status: int
) -> None:
    """Each error of a service has its status; an unforeseen one tells nothing of itself."""
    scene.reports["AAPL"] = error
    body = await answer(client, "/api/v1/stocks/AAPL", "ProblemDetails", status)
    assert "secret" not in json.dumps(body)


async def test_problem_types_lead_to_their_description(client: TestClientProtocol) -> None:
    """The address of a problem's type is a place on the documentation page."""
    body = await answer(client, "/api/v1/stocks/APPL", "ProblemDetails", 404)
    page = await client.get("/api/docs")
    anchor = body["type"].partition("#")[2]
    assert f'id="{anchor}"' in await page.get_data(as_text=True)


async def test_unchanged_answers_are_not_sent_again(client: TestClientProtocol) -> None:
    """A program that names the tag it knows gets 304."""
    first = await client.get("/api/v1/stocks/AAPL")
    again = await client.get(
        "/api/v1/stocks/AAPL", headers={"If-None-Match": first.headers["ETag"]}
    )
    assert again.status_code == 304
    assert first.headers["Cache-Control"] == "no-cache"


async def test_pages_answer_programs_in_json(client: TestClientProtocol) -> None:
    """Whoever prefers JSON gets errors as JSON on pages too; whoever takes anything gets HTML."""
    program = await client.get("/stocks/ZZZZ", headers={"Accept": "application/json"})
    person = await client.get("/stocks/ZZZZ", headers={"Accept": "*/*"})
    assert program.mimetype == "application/problem+json"
    assert person.mimetype == "text/html"


async def test_the_description_is_valid_openapi(client: TestClientProtocol) -> None:
    """The document served is the one built here, and OpenAPI 3.1's own schema accepts it."""
    response = await client.get("/openapi.json")
    served = json.loads(await response.get_data())
    jsonschema_rs.Draft202012Validator(OPENAPI_31).validate(served)
    assert served == json.loads(json.dumps(DESCRIPTION))


def test_every_route_of_the_interface_is_described(app: Quart) -> None:
    """No route under /api/v1 is undocumented, and nothing is described that is not there."""
    routes = {
        rule.rule.replace("<", "{").replace(">", "}")
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v")
    }
    assert routes == {operation.path for operation in OPERATIONS}


async def test_every_example_works(client: TestClientProtocol) -> None:
    """What the documentation tells to try gives an answer of the described kind."""
    for operation in OPERATIONS:
        if operation.method == "POST":
            response = await client.post(operation.example, json=json.loads(operation.example_body))
            assert response.status_code == operation.success
            assert operation.response is not None
            check(json.loads(await response.get_data()), operation.response.__name__)
        elif operation.response is not None:
            await answer(client, operation.example, operation.response.__name__)
        else:
            response = await client.get(operation.example)
            assert (response.status_code, response.mimetype) == (200, "text/csv")


async def test_the_documentation_names_every_object_and_operation(
    client: TestClientProtocol,
) -> None:
    """The page for people leaves nothing out that the one for machines says."""
    response = await client.get("/api/docs")
    page = await response.get_data(as_text=True)
    for name in DESCRIPTION["components"]["schemas"]:
        assert f'id="model-{name}"' in page
        assert f'href="#model-{name}"' in page
    for path in DESCRIPTION["paths"]:
        assert path in page
    for operation in OPERATIONS:
        assert f'<a href="#{operation.name}">' in page
        assert f'id="{operation.name}"' in page
