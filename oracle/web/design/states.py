"""Every part of the website in every state it can be in, as the views would show it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from oracle.domain.errors import (
    DatabaseUnavailable,
    FeedUnavailable,
    ImagesUnavailable,
    ImageTooLarge,
    InvalidImage,
    UnknownSymbol,
)
from oracle.domain.forecasts import Origin
from oracle.domain.instruments import Match, Source
from oracle.services.add_image import describe_limit
from oracle.services.search_symbols import SearchResult
from oracle.web.contexts.admin import ImagesPage, ShownImage, SignInPage, UploadForm
from oracle.web.contexts.digests import build_digest_page, build_digests_page
from oracle.web.contexts.home import HomePage
from oracle.web.contexts.problem import ProblemPage
from oracle.web.contexts.ranking import RankingPage, build_ranking_view
from oracle.web.contexts.record_strip import build_record_strip
from oracle.web.contexts.search import build_search_page
from oracle.web.contexts.status import build_status_page
from oracle.web.contexts.stock import build_stock_page, build_waiting_page
from oracle.web.contexts.track_record import build_track_record_page
from oracle.web.design import examples
from oracle.web.errors import describe_error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oracle.domain.rankings import Ranking
    from oracle.services.predict_stock import StockReport
    from oracle.services.read_market_status import MarketStatus


@dataclass(frozen=True, slots=True)
class State:
    """A part of the website in one state: the block of a template, and its context."""

    part: str
    name: str
    template: str
    block: str
    page: Any


def list_states() -> tuple[State, ...]:
    """Return every state of every part, those of one part together."""
    return (
        *_search(),
        *_homes(),
        *_rankings(),
        *_stocks(),
        *_records(),
        *_services(),
        *_digests(),
        *_pictures(),
        *_problems(),
    )


def list_frames() -> tuple[tuple[str, MarketStatus], ...]:
    """Return the states of the market that the frame of a page can show, by name."""
    return (
        ("Sample market", replace(examples.EVENING, source=Source.SAMPLE)),
        ("Rehearsal", replace(examples.EVENING, source=Source.REHEARSAL)),
        ("Market open", examples.TRADING),
        ("Market closed", examples.EVENING),
    )


def _search() -> Iterator[State]:
    found = (Match(examples.EXAMPLE, 90.0),)
    for name, result in (
        ("suggestions", SearchResult("exam", found, None)),
        ("no match", SearchResult("qqqq", (), None)),
    ):
        page = build_search_page(result)
        yield State("Search", name, "search/index.html", "suggestions", page)

    for name, asked in (
        ("nothing asked", None),
        ("matches", SearchResult("EXMP", found, found[0])),
        ("did you mean", SearchResult("exmpl", found, None)),
        ("no match", SearchResult("qqqq", (), None)),
    ):
        page = build_search_page(asked)
        yield State("Search page", name, "search/index.html", "content", page)


def _homes() -> Iterator[State]:
    ahead = HomePage("Thursday", "Thu 29 Dec 2022", None, RankingPage("", "/ranking", None), None)
    closed = replace(ahead, next_forecast="16:15 ET")
    records = (
        ("live record", examples.record(Origin.LIVE)),
        ("replayed record", examples.record(Origin.REPLAY)),
        ("empty record", examples.empty_record(Origin.LIVE)),
    )
    yield State("Home", "search", "home/index.html", "hero", ahead)
    yield State("Home", "search, session closed", "home/index.html", "hero", closed)
    for name, record in records:
        shown = replace(ahead, record=build_record_strip(record, examples.EVENING))
        yield State("Home", name, "home/index.html", "record", shown)


def _rankings() -> Iterator[State]:
    best, none, empty = (
        examples.ranking(),
        examples.ranking(best=False),
        examples.ranking(best=False, empty=True),
    )
    yield _ranking("best buy", best, examples.EVENING)
    faint = examples.ranking(rise=0.0004)
    yield _ranking("best buy, before costs", faint, examples.EVENING)
    yield _ranking("market open", best, examples.TRADING)
    yield _ranking("no clear buy", none, examples.EVENING)
    yield _ranking("none could be forecast", empty, examples.EVENING)
    yield _ranking("session closed", best, examples.CLOSED)
    yield _ranking("outdated", best, examples.NEXT_EVENING)
    yield _ranking_page("loading", RankingPage("", "/ranking", None))
    problem = describe_error(DatabaseUnavailable("The database does not answer."))
    yield _ranking_page("error", RankingPage("", "/ranking", None, problem))


def _ranking(name: str, ranking: Ranking, status: MarketStatus) -> State:
    histories = {stock.symbol: examples.history() for stock in ranking.stocks}
    view = build_ranking_view(ranking, status, histories, is_watchlist=True)
    return _ranking_page(name, RankingPage("", "/ranking", view))


def _ranking_page(name: str, page: RankingPage) -> State:
    return State("Ranking", name, "ranking/index.html", "ranking", page)


def _stocks() -> Iterator[State]:
    full = examples.report()
    notice = ("The price feed does not answer.",)
    yield _stock("rising", full)
    yield _stock("falling", replace(full, prediction=examples.prediction(rise=-0.004)))
    yield _stock("unchanged", replace(full, prediction=examples.prediction(rise=0.0)))
    yield _stock("market open", examples.report(examples.TRADING))
    yield _stock("session closed", examples.report(examples.CLOSED))
    yield _stock(
        "stale and outdated",
        replace(
            examples.report(examples.NEXT_EVENING),
            quote_stale=True,
            prediction_outdated=True,
            notices=notice,
        ),
    )
    yield _stock("cannot say", replace(full, prediction=examples.abstention()))
    yield _stock(
        "no data", replace(full, quote=None, prediction=None, history=None, notices=notice)
    )
    waiting = build_waiting_page(examples.EXAMPLE.symbol, examples.EXAMPLE.name)
    yield State("Stock", "loading", "stocks/show.html", "report", waiting)


def _stock(name: str, report: StockReport) -> State:
    return State(
        "Stock",
        name,
        "stocks/show.html",
        "report",
        build_stock_page(report, None, examples.record(Origin.LIVE)),
    )


def _records() -> Iterator[State]:
    records = (
        ("settled", examples.record),
        ("empty", examples.empty_record),
        ("stale", examples.stale_record),
    )
    for name, record in records:
        page = build_track_record_page(
            [record(origin) for origin in Origin], None, examples.EVENING.now
        )
        yield State("Record", name, "track_record/show.html", "record", page)


def _services() -> Iterator[State]:
    works = examples.service()
    for name, status in (
        ("works", works),
        ("behind", examples.service(examples.NEXT_EVENING)),
        ("feed paused", replace(works, feed_paused=True)),
        ("database silent", replace(works, stored=None)),
    ):
        yield State("Status", name, "about/status.html", "status", build_status_page(status))


def _digests() -> Iterator[State]:
    settled, pending = examples.digest(settled=True), examples.digest(settled=False)
    for name, contents in (("empty", ()), ("listed", (settled.content,))):
        page = build_digests_page(contents, target="Thu 29 Dec 2022")
        yield State("Digests", name, "digests/index.html", "digests", page)
    for name, archived in (("settled", settled), ("not settled", pending)):
        page_of_one = build_digest_page(archived)
        yield State("Digest", name, "digests/show.html", "digest", page_of_one)


def _pictures() -> Iterator[State]:
    for name, sign_in in (("", SignInPage()), ("refused", SignInPage("That is not the password."))):
        yield State("Admin", f"sign in {name}".strip(), "admin/sign_in.html", "admin", sign_in)
    limit = describe_limit(5_000_000)
    unavailable = ImagesUnavailable("The store of pictures did not answer in time.")
    wrong = InvalidImage("That is no picture that can be read.")
    large = ImageTooLarge(limit)
    shown = (ShownImage("hero.svg", "84.0 kB", "5 Jan 2026, 21:30 UTC"),) * 3
    key = shown[0].key
    for name, page in (
        ("empty", ImagesPage(UploadForm(limit))),
        ("added", ImagesPage(UploadForm(limit, added=key), shown, next_address="/admin/images")),
        ("duplicate", ImagesPage(UploadForm(limit, added=key, is_new=False), shown)),
        ("wrong type", ImagesPage(UploadForm(limit, "hero", f"{wrong} {wrong.hint}"), shown)),
        ("too large", ImagesPage(UploadForm(limit, "hero", f"{large} {large.hint}"), shown)),
        ("last page", ImagesPage(UploadForm(limit), shown, is_first=False)),
        (
            "store down",
            ImagesPage(UploadForm(limit), failure=f"{unavailable} {unavailable.hint}"),
        ),
    ):
        yield State("Pictures", name, "admin/images.html", "admin", page)


def _problems() -> Iterator[State]:
    for name, error, retry in (
        ("unknown symbol", UnknownSymbol("APPL", suggestions=("AAPL",)), None),
        ("feed unavailable", FeedUnavailable("The price feed does not answer."), "/ranking"),
    ):
        page = ProblemPage(describe_error(error), "example", retry)
        yield State("Problem", name, "errors/problem.html", "problem", page)
