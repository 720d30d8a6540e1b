"""The digest in words: its subject, last night, the pick, the list."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oracle.digest.content import Mark
from oracle.digest.letter import subject_of, write_letter
from oracle.digest.personal import personal_content
from oracle.domain.instruments import Source
from tests.unit.digest.contents import LINKS, SYMBOLS, content, item, marked, result

FAINT = "Tonight's best, before costs: Intel"
NO_RISE = tuple(item(each, rise=-0.3, score=-0.1) for each in SYMBOLS)


@pytest.mark.parametrize(
    ("source", "prefix"),
    [(Source.YAHOO, ""), (Source.SAMPLE, "Sample data: "), (Source.REHEARSAL, "Rehearsal: ")],
)
def test_the_subject_carries_the_fact(source: Source, prefix: str) -> None:
    """It names the pick with its range, in plain signs, and says first what is not live."""
    pick = "Tonight's pick: Intel +0.8 % (range -1.5 to +2.1)"
    assert subject_of(content(source=source)) == prefix + pick
    assert subject_of(content(source=source, items=NO_RISE)) == f"{prefix}No clear buy tonight"


@pytest.mark.parametrize(
    ("rise", "subject"),
    [
        (0.034, f"{FAINT} +0.03 % (range -1.5 to +2.1)"),
        (0.1, f"{FAINT} +0.10 % (range -1.5 to +2.1)"),
        (0.002, f"{FAINT} under +0.01 % (range -1.5 to +2.1)"),
        (0.14, "Tonight's pick: Intel +0.1 % (range -1.5 to +2.1)"),
    ],
)
def test_a_best_that_costs_more_than_it_gains_is_called_so(rise: float, subject: str) -> None:
    """The subject, the card and the list say "before costs", and no rise is written as none."""
    items = (item("INTC", name="Intel", rise=rise, score=0.02), *NO_RISE[:3])
    told = content(listed=("INTC", *SYMBOLS[:3]), items=items)
    assert subject_of(told) == subject
    best = write_letter(told, LINKS).best
    assert best is not None
    assert best.label == ("Best buy" if rise > 0.1 else "Best buy, before costs")
    assert best.short_label == ("Best buy" if rise > 0.1 else "Best, before costs")


def test_nothing_forecast_is_not_called_nothing_to_rise() -> None:
    """Where no stock could be forecast the mail says that, and nothing of their expectations."""
    items = tuple(marked(each, Mark.MISSING, "The close is not in yet.") for each in SYMBOLS)
    told = content(items=items)
    letter = write_letter(told, LINKS)
    assert letter.subject == letter.no_pick == "No forecast tonight"
    assert letter.no_pick_reason.startswith("None of these could be forecast for the close of Thu")
    assert "rise" not in letter.no_pick_reason
    fallen = write_letter(content(items=NO_RISE), LINKS)
    assert fallen.no_pick == "No clear buy tonight"
    assert fallen.no_pick_reason.startswith("No stock of this list is expected to rise by")


def test_what_is_not_live_is_marked_in_the_letter() -> None:
    """The letter's own mark says so in words; live prices carry none."""
    assert write_letter(content(), LINKS).note == ""
    assert "Sample data, not live" in write_letter(content(source=Source.SAMPLE), LINKS).note
    assert "Rehearsal, not live" in write_letter(content(source=Source.REHEARSAL), LINKS).note


def test_last_night_comes_with_its_count_and_the_pick() -> None:
    """Eight of ten ranges held, and the last pick rose within its range."""
    results = write_letter(content(), LINKS).results
    assert results.headline == "Last night: 8 of 10 ranges held"
    assert "For the close of Wed 28 Dec, 10 prices were predicted" in results.explanation
    assert results.pick.startswith("The pick was INTC Incorporated: predicted +0.20")
    assert results.pick.endswith("inside its range.")
    words = [cell.word for line in results.cells for cell in line]
    assert [len(line) for line in results.cells] == [5, 5]
    assert words.count("missed") == 2
    assert words.count("held") == 8


def test_a_pick_before_costs_is_named_so_afterwards() -> None:
    """What was expected to gain less than it costs is not called the pick without a word."""
    last = content().last_night
    assert last is not None
    faint = replace(result("KO"), predicted=100.05)
    told = write_letter(content(last_night=replace(last, pick=faint)), LINKS).results
    assert told.pick.startswith("The pick, before costs, was KO Incorporated: predicted +0.05")


def test_of_an_own_list_it_says_how_many_were_predicted() -> None:
    """A stock chosen since, or unknown then, is counted among the ten and not as predicted."""
    last = content().last_night
    assert last is not None
    known = content(
        items=(*content().items, item("AMD"), item("BAC")),
        last_night=replace(last, results=(*last.results, result("BAC"))),
    )
    own = write_letter(personal_content(known, ("AMD", "BAC")), LINKS)
    assert own.results.explanation.startswith(
        "Of your ten, 9 were predicted the evening before, for the close of Wed 28 Dec. 80"
    )
    watched = replace(known, last_night=replace(last, results=last.results[:1]))
    assert write_letter(watched, LINKS).results.explanation.startswith(
        "Of the ten, 1 was predicted the evening before, for the close of Wed 28 Dec."
    )


def test_a_stock_without_any_price_is_not_awaited() -> None:
    """The warning counts closes that are late; of an unknown stock there is none to wait for."""
    unknown = replace(
        marked("AMD", Mark.MISSING, "No price of it is known."), price=None, price_of=None
    )
    late = marked("KO", Mark.MISSING, "The close is not in yet.")
    both = write_letter(content(listed=("AMD", "KO"), items=(unknown, late)), LINKS)
    assert both.warning.startswith("Of 1 stock the close of Wed 28 Dec is not in yet")
    assert write_letter(content(listed=("AMD",), items=(unknown,)), LINKS).warning == ""


def test_a_pick_that_missed_is_told_as_plainly() -> None:
    """A best buy outside its range is not passed over."""
    last = content().last_night
    assert last is not None
    missed = replace(last, pick=result("LLY", came=-2.0))
    pick = write_letter(content(last_night=missed), LINKS).results.pick
    assert "came \N{MINUS SIGN}2.00" in pick
    assert pick.endswith("outside its range.")


def test_what_is_not_settled_is_said_to_be_open() -> None:
    """A close that is missing counts neither as held nor as missed."""
    last = content().last_night
    assert last is not None
    results = (result("AAPL", came=None), *last.results[1:])
    told = write_letter(
        content(last_night=replace(last, results=results, pick=results[0])), LINKS
    ).results
    assert told.headline == "Last night: 7 of 9 ranges held"
    assert "1 is not known yet" in told.explanation
    assert told.pick.endswith("its close is not known yet.")
    assert told.cells[0][0].word == "open"


def test_nothing_settled_at_all_is_no_score() -> None:
    """No "0 of 0" is ever written."""
    last = content().last_night
    assert last is not None
    results = tuple(result(each, came=None) for each in SYMBOLS)
    headline = write_letter(
        content(last_night=replace(last, results=results)), LINKS
    ).results.headline
    assert headline == "Last night's results are not in yet (Wed 28 Dec)"


def test_a_first_evening_has_nothing_to_look_back_on() -> None:
    """Without earlier predictions the letter says so and shows no strip."""
    results = write_letter(content(last_night=None), LINKS).results
    assert results.headline == "Nothing to look back on yet"
    assert results.cells == ()
    assert results.table == ""


def test_no_pick_then_is_said() -> None:
    """An evening without a best buy is told as one; an evening without a ranking is not."""
    last = content().last_night
    assert last is not None
    none = write_letter(content(last_night=replace(last, pick=None)), LINKS).results
    assert none.pick == "No stock was named best buy then."
    unknown = replace(last, pick=None, was_ranked=False)
    assert write_letter(content(last_night=unknown), LINKS).results.pick == ""


def test_marked_stocks_say_why_and_show_no_numbers() -> None:
    """A missing close shows the older price with its day; neither has a predicted value."""
    missing = marked("KO", Mark.MISSING, "The close is not in yet.")
    abstained = marked("HD", Mark.ABSTAINED, "Only 12 sessions are known.")
    letter = write_letter(content(listed=("KO", "HD"), items=(missing, abstained)), LINKS)
    rows = {row.symbol: row for row in letter.rows}
    assert rows["KO"].price_of == "Tue 27 Dec"
    assert rows["HD"].price_of == ""
    assert {row.predicted for row in rows.values()} == {"No data"}
    assert rows["HD"].note == "Only 12 sessions are known."
    assert letter.warning.startswith("Of 1 stock the close of Wed 28 Dec is not in yet")
    assert "    The close is not in yet." in letter.table
    assert letter.best is None


def test_the_best_buy_brings_its_reasons() -> None:
    """The card has the figures, how far ahead it is, and what moved it."""
    letter = write_letter(content(), LINKS)
    assert letter.best is not None
    assert letter.best.figures.name == "Intel"
    assert letter.best.figures.change.startswith("+0.80")
    assert letter.best.drivers == ("What stocks usually gain.",)
    assert [row.symbol for row in letter.rows if row.is_best] == ["INTC"]
    bar = letter.best.bar
    assert bar.before + bar.between + bar.after == 100
    assert (bar.first, bar.second) == ("close", "predicted")


@pytest.mark.parametrize("rise", [-40.0, -1.5, 0.0, 0.001, 2.1, 40.0])
def test_the_bar_stays_within_itself(rise: float) -> None:
    """Wherever close and prediction lie, both ticks stand on the bar, apart."""
    best = write_letter(content(listed=("A",), items=(item("A", rise=rise),)), LINKS).best
    assert best is not None
    assert best.bar.before >= 0
    assert best.bar.between >= 2
    assert best.bar.after >= 2


def test_an_own_list_is_called_so() -> None:
    """Who chose stocks reads of theirs, others of tonight's ten."""
    own = personal_content(content(items=(*content().items, item("AMD"))), ("AMD",))
    assert write_letter(own, LINKS).list_name == "Your stocks"
    assert write_letter(content(), LINKS).list_name == "Tonight's ten"


def test_hostile_names_stay_in_their_line() -> None:
    """Line ends, marks that turn the text and invisible signs are taken out of every name."""
    name = "Evil\r\nBcc: x@example.org\N{RIGHT-TO-LEFT OVERRIDE}\N{ZERO WIDTH SPACE}\x00 Inc"
    letter = write_letter(content(listed=("A",), items=(item("A", name=name),)), LINKS)
    assert letter.rows[0].name == "EvilBcc: x@example.org Inc"
    assert all(sign.isprintable() for sign in letter.subject)


def test_the_tables_fit_a_narrow_terminal() -> None:
    """However long names and prices are, no line is wider than 78 places."""
    items = tuple(
        item(each, name="A very long name of a company " * 3, price=123456.0) for each in SYMBOLS
    )
    results = tuple(result(each, name="Another quite long name " * 3) for each in SYMBOLS)
    last = content().last_night
    assert last is not None
    letter = write_letter(content(items=items, last_night=replace(last, results=results)), LINKS)
    for table in (letter.table, letter.results.table, letter.results.paragraphs, letter.best_text):
        assert max(map(len, table.split("\n"))) <= 78, table
