"""What the API is, written from its routes: OpenAPI for programs, a page for people."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from steward.web.rest.application import build_routes
from steward.web.rest.document import document_of

Schema = dict[str, Any]

_WHO = {
    "reports": "scope `reports`",
    "manage": "scope `manage`",
    "person": "a person at a page, or a session of `steward open`",
}


@cache
def _document() -> Schema:
    return document_of(build_routes())


def openapi() -> str:
    """The document that the server answers at `/api/v1/openapi.json`."""
    return json.dumps(_document(), indent=1, ensure_ascii=False) + "\n"


def api_page() -> str:
    """Every resource, who may ask, what it takes and what it answers."""
    whole = _document()
    lines = [
        "# The API",
        "",
        "Generated from the routes in `server/steward/web/rest`; do not edit (`make regenerate`)."
        " The same for programs: `schemas/openapi.json`, or `/api/v1/openapi.json` of a running"
        " server, for whoever has signed in.",
        "",
        whole["info"]["description"],
        "",
        "Roles limit besides what a token's scope permits; see"
        " [other programs](../how-to/other-programs.md) for tokens.",
        "",
    ]
    tags: dict[str, list[str]] = {}
    for path, methods in whole["paths"].items():
        for method, operation in methods.items():
            tags.setdefault(operation["tags"][0], []).extend(_operation(path, method, operation))
    for tag, written in sorted(tags.items()):
        lines += [f"## {tag.capitalize()}", "", *written]
    lines += ["# What is sent and answered", ""]
    for name, schema in sorted(whole["components"]["schemas"].items()):
        lines += _schema(name, schema)
    return "\n".join(lines).rstrip("\n") + "\n"


def _operation(path: str, method: str, operation: Schema) -> Iterator[str]:
    yield f"### `{method.upper()} {path}`"
    yield ""
    yield _said(operation.get("description", "")) or operation["summary"]
    yield ""
    yield f"*Who: {_WHO[operation['x-steward-who']]}.*"
    yield ""
    own = [each for each in operation.get("parameters", []) if each["name"] != "Idempotency-Key"]
    if own:
        yield "| Parameter | Where | Kind | Meaning |"
        yield "| --- | --- | --- | --- |"
        yield from (_parameter(each) for each in own)
        yield ""
    if "requestBody" in operation:
        content = operation["requestBody"]["content"]
        yield f"Takes {_kind(next(iter(content.values()))['schema'])}."
        yield ""
    good = {code: each for code, each in operation["responses"].items() if code.startswith("2")}
    for code, answer in good.items():
        kinds = [_kind(each["schema"]) for each in answer.get("content", {}).values()]
        yield f"Answers {code}{': ' if kinds else ''}{', '.join(kinds)}."
        yield ""


def _parameter(each: Schema) -> str:
    name = f"`{each['name']}`" + (" (required)" if each.get("required") else "")
    meaning = _said(each.get("description", each["schema"].get("description", "")))
    default = each["schema"].get("default")
    told = "" if default is None else f" Default: `{json.dumps(default)}`."
    return f"| {name} | {each['in']} | {_cell(_kind(each['schema']))} | {_cell(meaning + told)} |"


def _schema(name: str, schema: Schema) -> Iterator[str]:
    yield f"## `{name}`"
    yield ""
    yield _said(schema.get("description", ""))
    yield ""
    fields: Schema = schema.get("properties", {})
    if fields:
        required = schema.get("required", [])
        yield "| Field | Kind | Meaning |"
        yield "| --- | --- | --- |"
        for field, body in fields.items():
            mark = "" if field in required else " (optional)"
            meaning = _cell(_said(body.get("description", "")))
            yield f"| `{field}`{mark} | {_cell(_kind(body))} | {meaning} |"
        yield ""


def _kind(schema: Schema) -> str:
    """A type in few words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"`{name}`"
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(map(_kind, schema["anyOf"])))
    if "enum" in schema:
        return " · ".join(f"`{each}`" for each in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_kind(schema['additionalProperties'])}"
    return str(schema.get("format", schema.get("type", "anything")))


def _said(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
