"""Writes mails from templates: `email/<event>/subject.txt`, `body.txt` and `body.html`.

A mail program obeys styles only where they stand on the elements themselves, so the rules of the
style sheet are moved there. That is done once, when the templates are read, and not for every
mail: before it, what Jinja is to replace is put out of sight of the HTML parser, which would move
a loop out of its table; after it, that is put back.
"""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from css_inline import CSSInliner
from jinja2 import DictLoader, Environment, StrictUndefined, select_autoescape

from oracle.domain.mail import RenderedMail

if TYPE_CHECKING:
    from jinja2 import Template

MAIL_TEMPLATES: Final = Path(__file__).resolve().parents[3] / "templates" / "email"
PARTS: Final = ("subject.txt", "body.txt", "body.html")

_INCLUDE = re.compile(r'\{%-? include "email/([a-z_]+\.html)" -?%\}\n?')
_BLOCK = re.compile(r"\{%.*?%\}", re.DOTALL)
_VALUE = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_COMMENT = re.compile(r"\{#.*?#\}\n?", re.DOTALL)
_INDENTATION = re.compile(r"\n\s+")


class TemplateMailRenderer:
    """The mails of a folder of templates, all of them read and checked at once.

    A misspelt name is an error, and every value in HTML is escaped. Raises at once what is wrong
    with a template.
    """

    def __init__(self, folder: Path) -> None:
        inliner = CSSInliner(keep_style_tags=False, load_remote_stylesheets=False, minify_css=True)
        sources: dict[str, str] = {}
        for subject in sorted(folder.glob("*/subject.txt")):
            for part in PARTS:
                text = (subject.parent / part).read_text(encoding="utf-8")
                if part.endswith(".html"):
                    text = prepare_html(text, folder, inliner)
                sources[f"{subject.parent.name}/{part}"] = text
        environment = Environment(
            loader=DictLoader(sources),
            undefined=StrictUndefined,
            autoescape=select_autoescape(("html",), default_for_string=False, default=False),
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self._templates: dict[str, Template] = {
            name: environment.get_template(name) for name in sources
        }

    def render(self, event: str, context: object) -> RenderedMail:
        """Return the mail `event` with the fields of the dataclass under their own names.

        Raises LookupError when there is no such mail.
        """
        values: dict[str, Any] = {
            each.name: getattr(context, each.name)
            for each in fields(context)  # type: ignore[arg-type]  # the port says a dataclass
        }
        subject, text, html = (self._templates[f"{event}/{part}"].render(values) for part in PARTS)
        return RenderedMail(subject=" ".join(subject.split(" ")).strip(), text=text, html=html)


def prepare_html(text: str, folder: Path, inliner: CSSInliner) -> str:
    """Return the template with its includes in place and its styles on the elements."""
    while _INCLUDE.search(text):
        text = _INCLUDE.sub(lambda found: _read(folder / found[1]), text)
    text = _COMMENT.sub("", text)
    hidden: list[str] = []

    def hide(found: re.Match[str]) -> str:
        hidden.append(found[0])
        place = len(hidden) - 1
        # Comments may stand anywhere between elements; a word may stand in text and attributes.
        return f"<!--jinja-{place}-->" if found[0].startswith("{%") else f"jinja-{place}-"

    text = _VALUE.sub(hide, _BLOCK.sub(hide, text))
    text = inliner.inline(text)
    # From the last to the first, so that the short numbers are not found within longer ones.
    for place in range(len(hidden) - 1, -1, -1):
        text = text.replace(f"<!--jinja-{place}-->", hidden[place])
        text = text.replace(f"jinja-{place}-", hidden[place])
    return _INDENTATION.sub("\n", text)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
