"""Templates: one environment, one function that renders a page or its fragment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2_fragments import render_block
from quart import Response, request

from oracle.web import formatting
from oracle.web.htmx import vary_by_htmx, wants_fragment
from oracle.web.site import current_site

if TYPE_CHECKING:
    from pathlib import Path

    from oracle.web.assets import Assets
    from oracle.web.contexts.chrome import Chrome

PAGE_CACHING = "private, no-cache"


def build_templates(
    folder: Path, assets: Assets, *, reload: bool, image_base_url: str = ""
) -> Environment:
    """Return the templates' environment: every value escaped, every misspelt name an error.

    `image_url` gives a picture's address at `image_base_url`, or here where that is empty.
    """
    environment = Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        autoescape=True,
        auto_reload=reload,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(asset=assets.url, has_asset=assets.has, NO_DATA=formatting.NO_DATA)
    environment.globals.update(image_url=lambda key: f"{image_base_url}/images/{key}")
    return environment


def render_page(
    template: str, *, fragment: str, chrome: Chrome, page: Any, status: int = 200
) -> Response:
    """Return the page, or its block `fragment` if htmx asks for that; `page` is its context."""
    environment = current_site().templates
    if wants_fragment(request):
        html = render_block(environment, template, fragment, chrome=chrome, page=page)
    else:
        html = environment.get_template(template).render(chrome=chrome, page=page)
    response = Response(html, status=status, content_type="text/html; charset=utf-8")
    response.headers["Cache-Control"] = PAGE_CACHING
    vary_by_htmx(response)
    return response
