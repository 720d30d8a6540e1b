"""The page `/design`, where each state is rendered by the template that visitors see."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jinja2_fragments import render_block
from markupsafe import Markup

from oracle.web.contexts.chrome import Head, build_chrome
from oracle.web.design.states import list_frames, list_states

if TYPE_CHECKING:
    from collections.abc import Callable

    from jinja2 import Environment

    from oracle.web.contexts.chrome import Chrome
    from oracle.web.design.states import State

_LANDMARKS = re.compile(r'(<(?:section|nav|aside|form)\b[^>]*\baria-label=")([^"]*)"')
_SEARCH = 'role="search"'
_REFERENCES = re.compile(r'\b(id|for|aria-labelledby|aria-controls|href)="(#?)([\w-]+)"')
_DESCRIPTIONS = re.compile(r'\baria-describedby="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Specimen:
    """One state as it is shown: its part, its name, its address on the page, its markup."""

    part: str
    name: str
    anchor: str
    markup: Markup


@dataclass(frozen=True, slots=True)
class FrameSpecimen:
    """The frame of a page in one state of the market."""

    name: str
    chrome: Chrome


@dataclass(frozen=True, slots=True)
class FormSpecimen:
    """A form before it is sent and after; `message` is what became of it."""

    name: str
    anchor: str
    message: str = ""
    is_good: bool = True


FORMS = (
    FormSpecimen("ready", "form-ready"),
    FormSpecimen("accepted", "form-accepted", "Here stands what was done."),
    FormSpecimen("refused", "form-refused", "Here stands what to change.", is_good=False),
)


@dataclass(frozen=True, slots=True)
class DesignPage:
    """The page `/design`."""

    frames: tuple[FrameSpecimen, ...]
    forms: tuple[FormSpecimen, ...]
    specimens: tuple[Specimen, ...]


def build_design_page(templates: Environment, chrome: Chrome) -> DesignPage:
    """Return every state, rendered inside that frame."""
    return DesignPage(
        frames=tuple(
            FrameSpecimen(
                name,
                build_chrome(
                    Head(title="Example", description="Example"),
                    base_url="",
                    status=status,
                    examples=(),
                    sample_market=(),
                ),
            )
            for name, status in list_frames()
        ),
        forms=FORMS,
        specimens=tuple(
            _render(state, number, templates, chrome) for number, state in enumerate(list_states())
        ),
    )


def _render(state: State, number: int, templates: Environment, chrome: Chrome) -> Specimen:
    html = render_block(
        templates,
        state.template,
        state.block,
        chrome=chrome,
        page=state.page,
        has_asset=_without_scripts,
    )
    html = _REFERENCES.sub(_distinct(number), html)
    html = _DESCRIPTIONS.sub(_each_distinct(number), html)
    # A landmark that stands in several states is called after its state, so that each has a name.
    name = f"{state.part}: {state.name}"
    html = _LANDMARKS.sub(rf'\1\2 ({name})"', html)
    html = html.replace(_SEARCH, f'{_SEARCH} aria-label="Search ({name})"')
    # What the templates have rendered is escaped already; marking it so keeps it from being twice.
    markup = Markup(html)  # noqa: S704 - our own templates
    return Specimen(state.part, state.name, f"state-{number}", markup)


def _without_scripts(_name: str) -> bool:
    """Return False for every asset, so that a placeholder stays one instead of loading."""
    return False


def _distinct(number: int) -> Callable[[re.Match[str]], str]:
    """Return what gives every id, and whatever refers to one, the state's own number."""

    def replace(found: re.Match[str]) -> str:
        attribute, mark, name = found.groups()
        if attribute == "href" and not mark:
            return found.group()
        title = f" state-{number}-name" if attribute == "aria-labelledby" else ""
        return f'{attribute}="{mark}{name}-{number}{title}"'

    return replace


def _each_distinct(number: int) -> Callable[[re.Match[str]], str]:
    """Return what does the same where several ids stand in one attribute."""

    def replace(found: re.Match[str]) -> str:
        return f'aria-describedby="{" ".join(f"{each}-{number}" for each in found[1].split())}"'

    return replace
