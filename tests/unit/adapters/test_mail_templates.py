"""Mails as they are rendered: valid, small, safe, with links that lead somewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path

import html5lib
import pytest
from jinja2 import UndefinedError

from oracle.adapters.mail.renderer import MAIL_TEMPLATES, TemplateMailRenderer
from oracle.digest.content import DigestContent, Mark
from oracle.digest.invitations import Invitation
from oracle.digest.letter import write_letter
from oracle.domain.instruments import Source
from tests.unit.digest.contents import LINKS, SYMBOLS, content, item, marked, result

RENDERER = TemplateMailRenderer(MAIL_TEMPLATES)
LARGEST = 40_000
INVITATION = Invitation(
    site="https://oracle.example",
    link="https://oracle.example/subscribers/t/confirm",
    is_paused=False,
)
PARTIAL = content(
    source=Source.REHEARSAL,
    items=(
        *(item(each, score=0.1) for each in SYMBOLS[:-2]),
        marked("LLY", Mark.MISSING, "The close of Wed 28 Dec 2022 is not in yet."),
        marked("INTC", Mark.ABSTAINED, "Only 12 sessions of prices are known; 60 are needed."),
    ),
)
LETTERS = {
    "full": content(),
    "partial": PARTIAL,
    "no pick": content(items=tuple(item(each, rise=-0.2, score=-0.1) for each in SYMBOLS)),
    "before costs": content(items=tuple(item(each, rise=0.04) for each in SYMBOLS)),
    "first evening": content(last_night=None, source=Source.SAMPLE),
    "nothing known": content(
        items=tuple(marked(each, Mark.MISSING, "Not in yet.") for each in SYMBOLS)
    ),
}
MAILS = [
    *(("digest", write_letter(each, LINKS)) for each in LETTERS.values()),
    ("confirm", INVITATION),
    ("already_subscribed", INVITATION),
    ("already_subscribed", replace(INVITATION, is_paused=True)),
]
NAMES = [*LETTERS, "confirm", "already_subscribed", "already_subscribed_paused"]
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{% raw %}",
    "jinja-3-<!--jinja-1-->",
    "a'b\"c&amp;d</td></tr></table>",
)


class Elements(HTMLParser):
    """Collects the elements of a page with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the element."""
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize(("event", "context"), MAILS, ids=NAMES)
def test_html_is_valid(event: str, context: object) -> None:
    """A strict HTML5 parser finds no error in any mail in any state."""
    html5lib.HTMLParser(strict=True).parse(RENDERER.render(event, context).html)


@pytest.mark.parametrize(("event", "context"), MAILS, ids=NAMES)
def test_a_mail_is_small_and_whole(event: str, context: object) -> None:
    """Under 40 KB, where Gmail cuts off later ones; nothing is fetched; no script, no form."""
    html = RENDERER.render(event, context).html
    assert len(html.encode()) < LARGEST
    elements = Elements(html).found
    assert not {tag for tag, _ in elements} & {"script", "img", "link", "form", "iframe", "input"}
    assert not re.search(r"url\(|@import|@font-face|\son[a-z]+=|jinja-", html)


@pytest.mark.parametrize(("event", "context"), MAILS, ids=NAMES)
def test_styles_stand_on_the_elements_and_the_dark_ones_in_the_head(
    event: str, context: object
) -> None:
    """Mail programs that drop style sheets still see the layout; others follow the dark scheme."""
    html = RENDERER.render(event, context).html
    head, _, body = html.partition("<body")
    assert head.count("<style") == 1
    assert "prefers-color-scheme: dark" in head or "prefers-color-scheme:dark" in head
    assert '<meta name="color-scheme" content="light dark">' in head
    assert "max-width: 480px" in head or "max-width:480px" in head
    assert body.count('style="') > 10


@pytest.mark.parametrize(("event", "context"), MAILS, ids=NAMES)
def test_every_link_is_absolute_and_of_the_site(event: str, context: object) -> None:
    """Whatever host a request named, mail leads to the configured address alone."""
    mail = RENDERER.render(event, context)
    links = [attrs["href"] for tag, attrs in Elements(mail.html).found if tag == "a"]
    assert links
    for link in [*links, *re.findall(r"https?://\S+", mail.text)]:
        assert link is not None
        assert link.startswith("https://oracle.example/") or link == "https://oracle.example"


@pytest.mark.parametrize(("event", "context"), MAILS, ids=NAMES)
def test_the_text_part_can_be_read_by_itself(event: str, context: object) -> None:
    """It has no markup, no line wider than 78 but for addresses, and plain signs."""
    text = RENDERER.render(event, context).text
    assert not re.search(r"<[a-z/]|&[a-z]+;|&#", text)
    assert "\N{MINUS SIGN}" not in text
    assert all(len(line) <= 78 or line.startswith("https://") for line in text.split("\n"))
    assert "\n\n\n\n" not in text


@pytest.mark.parametrize("letter", LETTERS, ids=list(LETTERS))
def test_both_parts_let_go(letter: str) -> None:
    """Unsubscribing, choosing stocks and the web version are a link in both parts."""
    mail = RENDERER.render("digest", write_letter(LETTERS[letter], LINKS))
    for link in (LINKS.unsubscribe, LINKS.preferences, LINKS.web_version):
        assert link in mail.html
        assert link in mail.text
    assert "not advice" in mail.html
    assert "not advice" in mail.text


def test_both_parts_say_the_same() -> None:
    """Every stock's price, predicted value and range is in the text as in the HTML."""
    letter = write_letter(content(), LINKS)
    mail = RENDERER.render("digest", letter)
    for row in letter.rows:
        for figure in (row.price, row.predicted, row.lower, row.upper, row.symbol):
            assert figure in mail.html
            assert figure in mail.text
    assert letter.results.headline in mail.html
    assert letter.results.headline.upper() in mail.text
    assert mail.html.index(letter.results.headline) < mail.html.index("Best buy")
    assert mail.text.index("LAST NIGHT") < mail.text.index("BEST BUY")


def test_both_parts_call_a_best_before_costs_that() -> None:
    """The card says it in HTML and in text, and the stock's row of the HTML says it too."""
    mail = RENDERER.render("digest", write_letter(LETTERS["before costs"], LINKS))
    assert ">Best buy, before costs<" in mail.html
    assert ">Best, before costs<" in mail.html
    assert ">Best buy<" not in mail.html
    assert "BEST BUY, BEFORE COSTS: AAPL INCORPORATED" in mail.text


def test_both_parts_tell_no_forecast_from_no_rise() -> None:
    """Without any forecast neither part says that nothing is expected to rise."""
    nothing = RENDERER.render("digest", write_letter(LETTERS["nothing known"], LINKS))
    none = RENDERER.render("digest", write_letter(LETTERS["no pick"], LINKS))
    for part in (nothing.html, nothing.text):
        assert "None of these could be forecast for the close of Thu 29 Dec" in part
        assert "expected to rise" not in part
    for part in (none.html, none.text):
        assert "No stock of this list is expected to rise by the close of Thu 29 Dec" in part


@pytest.mark.parametrize("source", [Source.SAMPLE, Source.REHEARSAL])
def test_what_is_not_live_is_marked_in_all_three(source: Source) -> None:
    """Subject, text and HTML each say so."""
    mail = RENDERER.render("digest", write_letter(content(source=source), LINKS))
    word = "Sample data" if source is Source.SAMPLE else "Rehearsal"
    assert mail.subject.startswith(f"{word}: ")
    assert mail.text.startswith(f"*** {word}, not live")
    assert f"{word}, not live" in mail.html


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_only_ever_text(name: str) -> None:
    """A company's name adds no element, no attribute and no code to the mail, and is shown."""
    plain = RENDERER.render("digest", write_letter(hostile("A company"), LINKS))
    mail = RENDERER.render("digest", write_letter(hostile(name), LINKS))
    html5lib.HTMLParser(strict=True).parse(mail.html)
    assert Elements(mail.html).found == Elements(plain.html).found
    assert "49" not in mail.subject
    assert name in mail.text
    assert "\n" not in mail.subject


def hostile(name: str) -> DigestContent:
    """Return a content in which every text that came from elsewhere is that name."""
    items = (
        replace(item("INTC", name=name, score=0.3), reasons=(name,)),
        marked("KO", Mark.ABSTAINED, name),
    )
    results = (result("KO", name=name),)
    last = content().last_night
    assert last is not None
    return content(
        listed=("INTC", "KO"),
        items=items,
        last_night=replace(last, pick=results[0], results=results),
    )


def test_a_value_that_is_missing_is_an_error() -> None:
    """A misspelt name stops the mail; it never goes out with a gap."""

    @dataclass(frozen=True, slots=True)
    class Incomplete:
        site: str

    with pytest.raises(UndefinedError):
        RENDERER.render("confirm", Incomplete("https://oracle.example"))


def test_an_unknown_mail_is_an_error() -> None:
    """Only mails that have templates can be asked for."""
    with pytest.raises(LookupError):
        RENDERER.render("nothing", INVITATION)


def test_every_mail_has_its_three_templates() -> None:
    """A folder with a subject has both bodies; the renderer refuses to start otherwise."""
    folders = {path.parent.name for path in Path(MAIL_TEMPLATES).glob("*/*")}
    assert folders == {"digest", "confirm", "already_subscribed"}


def test_who_pauses_is_not_told_that_mails_come() -> None:
    """Both parts say that nothing is sent, and that the link resumes it."""
    running = RENDERER.render("already_subscribed", INVITATION)
    paused = RENDERER.render("already_subscribed", replace(INVITATION, is_paused=True))
    for told, other in ((running.text, paused.text), (running.html, paused.html)):
        assert "You get it already" in told
        assert "You get it already" not in other
        assert "nothing is sent until you resume it" in " ".join(other.split())
