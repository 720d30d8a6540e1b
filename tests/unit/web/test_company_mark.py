"""The mark of a company that has no picture."""

from __future__ import annotations

from colorsys import hls_to_rgb

import pytest

from oracle.domain.images import find_image_key
from oracle.web.contexts.company_mark import build_company_mark, colour_of, company_pictures

WHITE_AND_BLACK = (1.0, 0.0)


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("Apple Inc.", "A"),
        ("The Coca-Cola Company", "CC"),
        ("JPMorgan Chase & Co.", "JC"),
        ("Berkshire Hathaway Inc.", "BH"),
        ("3M Company", "M"),
        ("???", "X"),
    ],
)
def test_initials_come_from_the_name(name: str, initials: str) -> None:
    """Two words at most count, and none that every company has."""
    assert build_company_mark("XYZ", name, None).initials == initials


def test_a_symbol_keeps_its_colour_and_others_differ() -> None:
    """The colour depends on the symbol alone, and twenty symbols have many."""
    symbols = [f"S{number}" for number in range(20)]
    assert [colour_of(each) for each in symbols] == [colour_of(each) for each in symbols]
    assert len({colour_of(each) for each in symbols}) > 15


def luminance(colour: str) -> float:
    """Return the relative luminance of `hsl(h, s%, l%)`, as WCAG defines it."""
    hue, saturation, lightness = (float(part.strip("% ")) for part in colour[4:-1].split(","))
    channels = hls_to_rgb(hue / 360, lightness / 100, saturation / 100)
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in channels
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_white_letters_are_legible_on_every_colour() -> None:
    """The contrast is at least 4.5 to 1, whatever the symbol."""
    colours = {colour_of(f"{number}") for number in range(3000)}
    assert len(colours) > 300
    assert min(1.05 / (luminance(colour) + 0.05) for colour in colours) >= 4.5


@pytest.mark.parametrize("symbol", ["AAPL", "BRK-B", "BF.B", "^GSPC", "SIE.DE"])
def test_names_of_pictures_can_be_keys(symbol: str) -> None:
    """The first name of every ordinary symbol is one that a store can have."""
    names = company_pictures(symbol)
    assert [name.rpartition(".")[2] for name in names] == ["svg", "webp", "png"]
    assert (find_image_key(names[0]) is None) is symbol.startswith("^")
