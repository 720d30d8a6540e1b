"""The JSON interface's description, for programs and for people."""

from __future__ import annotations

import json
from typing import Any

from quart import Blueprint, Response
from quart_rate_limiter import rate_limit

from oracle.web.api.openapi import build_openapi, resource_schemas
from oracle.web.api.operations import OPERATIONS
from oracle.web.api.reply import JSON
from oracle.web.contexts.chrome import Head
from oracle.web.contexts.reference import FieldRow, ModelSection, ReferencePage
from oracle.web.errors import all_kinds
from oracle.web.frame import frame_page
from oracle.web.rate_limits import DOCUMENTS
from oracle.web.rendering import render_page
from oracle.web.site import current_site

reference = Blueprint("reference", __name__)


@reference.get("/openapi.json")
@rate_limit(limits=DOCUMENTS)
async def get_openapi() -> Response:
    """Answer with the OpenAPI description."""
    description = build_openapi(current_site().settings.base_url)
    response = Response(json.dumps(description), content_type=JSON)
    response.headers["Cache-Control"] = "no-cache"
    return response


@reference.get("/api/docs")
@rate_limit(limits=DOCUMENTS)
async def show_reference() -> Response:
    """Show the same description as a page."""
    return render_page(
        "reference/index.html",
        fragment="reference",
        chrome=frame_page(
            Head(
                title="API",
                description="The JSON interface: prices, predictions and rankings for programs.",
                path="/api/docs",
                section="reference",
            )
        ),
        page=ReferencePage(
            base_url=current_site().settings.base_url,
            operations=OPERATIONS,
            models=tuple(_section(name, each) for name, each in resource_schemas().items()),
            problems=all_kinds(),
        ),
    )


def _section(name: str, schema: dict[str, Any]) -> ModelSection:
    fields = schema.get("properties", {})
    return ModelSection(
        name=name,
        description=schema.get("description", ""),
        fields=tuple(
            FieldRow(field, describe_type(each), each.get("description", ""))
            for field, each in fields.items()
        ),
    )


def describe_type(schema: dict[str, Any]) -> str:
    """Return a JSON schema's type in a few words, such as `number or null`."""
    if "anyOf" in schema:
        return " or ".join(describe_type(option) for option in schema["anyOf"])
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema:
        return ", ".join(f"“{value}”" for value in schema["enum"])
    kind = schema.get("type", "any")
    if kind == "array":
        return f"list of {describe_type(schema['items'])}"
    return str(schema.get("format", kind))
