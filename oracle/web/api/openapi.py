"""The OpenAPI 3.1 description, derived from the operations' table and the resources' types."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from oracle.web.api.operations import OPERATIONS
from oracle.web.api.resources import ProblemDetails
from oracle.web.errors import HTTP_KINDS, KINDS

if TYPE_CHECKING:
    from oracle.web.api.operations import Operation, Parameter

_REFERENCE = "#/components/schemas/{model}"
_DISTRIBUTION = "oracle-forecasts"


@cache
def adapter_for(resource: type[Any]) -> TypeAdapter[Any]:
    """Return what writes that type as JSON and knows its schema."""
    return TypeAdapter(resource)


def write_json(resource: Any, *, indent: int | None = None) -> bytes:
    """Return the resource as JSON in UTF-8: times in UTC, sessions as dates, prices as numbers."""
    return adapter_for(resource.__class__).dump_json(resource, indent=indent)


@cache
def resource_schemas() -> dict[str, Any]:
    """Return the JSON schemas of every object by name, as they are written."""
    exchanged = [model for each in OPERATIONS for model in (each.response, each.body)]
    resources = [*(model for model in exchanged if model is not None), ProblemDetails]
    _, schemas = TypeAdapter.json_schemas(
        [(resource.__name__, "serialization", adapter_for(resource)) for resource in resources],
        ref_template=_REFERENCE,
    )
    definitions: dict[str, Any] = schemas["$defs"]
    return definitions


@cache
def build_openapi(base_url: str) -> dict[str, Any]:
    """Return the whole description."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Oracle",
            "version": version(_DISTRIBUTION),
            "summary": "The next session's closing prices, predicted with their uncertainty.",
            "description": (
                "Predictions are estimates with stated ranges, not investment advice. "
                "Times are in UTC, sessions are dates, prices are numbers. Successful answers "
                "carry an ETag. One address may ask 120 times a minute per operation."
            ),
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": base_url}],
        "paths": {
            operation.path: {operation.method.lower(): _operation_object(operation)}
            for operation in OPERATIONS
        },
        "components": {
            "schemas": resource_schemas(),
            "responses": {
                f"Problem{status}": _problem_object(status)
                for status in sorted({code for each in OPERATIONS for code in each.problems})
            },
        },
    }


def _operation_object(operation: Operation) -> dict[str, Any]:
    success: dict[str, Any] = {
        "description": operation.summary,
        "content": _content_object(operation.response),
    }
    responses: dict[str, Any] = {str(operation.success): success}
    if operation.method == "GET":
        tag = {"schema": {"type": "string"}, "description": "Entity tag"}
        success["headers"] = {"ETag": tag}
        responses["304"] = {"description": "Unchanged since the tag in If-None-Match"}
    for status in operation.problems:
        responses[str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
    body: dict[str, Any] = {}
    if operation.body is not None:
        body = {"requestBody": {"required": True, "content": _content_object(operation.body)}}
    return {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": operation.description,
        "parameters": [_parameter_object(parameter) for parameter in operation.parameters],
        **body,
        "responses": responses,
    }


def _content_object(response: type[Any] | None) -> dict[str, Any]:
    if response is None:
        return {"text/csv": {"schema": {"type": "string"}}}
    reference = _REFERENCE.format(model=response.__name__)
    return {"application/json": {"schema": {"$ref": reference}}}


def _parameter_object(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.location,
        "required": parameter.required,
        "description": parameter.description,
        "schema": parameter.schema,
        "example": parameter.example,
    }


def _problem_object(status: int) -> dict[str, Any]:
    kinds = {kind.title: kind for kind in (*KINDS.values(), *HTTP_KINDS.values())}.values()
    titles = [kind.title for kind in kinds if kind.status == status]
    response: dict[str, Any] = {
        "description": "; ".join(titles),
        "content": {
            "application/problem+json": {
                "schema": {"$ref": _REFERENCE.format(model=ProblemDetails.__name__)}
            }
        },
    }
    if any(kind.status == status and kind.retry_after for kind in kinds):
        response["headers"] = {
            "Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait"}
        }
    return response
