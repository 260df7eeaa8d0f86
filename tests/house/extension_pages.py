"""What the generated files about extensions contain: schemas of all that goes to and fro."""

import ast
import inspect
import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel

from steward.extensions import payloads
from steward.extensions.authoring import recorded
from steward.extensions.authoring.recorded import Recorded
from steward.extensions.authoring.topics import NAMED, PLAIN, Nothing
from steward.extensions.capability import EVERY_CAPABILITY, IN_WORDS
from steward.extensions.manifest import Manifest
from tests.environment import ROOT

Schema = dict[str, Any]

_FOLDER = "schemas/extension/v1"
_HOST: Mapping[str, tuple[type[BaseModel], type[BaseModel] | None]] = {
    "list-files": (payloads.ListFilesRequest, payloads.ListFilesResponse),
    "git-read": (payloads.GitReadRequest, payloads.GitReadResponse),
    "propose-edit": (payloads.ProposeEditRequest, payloads.ProposeEditResponse),
    "ask-model": (payloads.AskModelRequest, payloads.AskModelResponse),
    "run-command": (payloads.RunCommandRequest, payloads.RunCommandResponse),
}


def _models() -> dict[str, type[BaseModel]]:
    """Name of a schema → the model that it is made of."""
    named: dict[str, type[BaseModel]] = {"manifest": Manifest, "recorded-test": Recorded}
    pairs = {"load": (payloads.LoadRequest, payloads.LoadResponse), **PLAIN, **NAMED, **_HOST}
    for name, (request, response) in pairs.items():
        for part, model in (("request", request), ("response", response)):
            if model is not None and model is not Nothing:
                named[f"{name}.{part}"] = model
    return {**named, "panel-content": payloads.PanelContent}


def extension_schemas() -> dict[str, Callable[[], str]]:
    """Path of each schema → what makes it."""
    return {
        f"{_FOLDER}/{name}.json": lambda model=model: json.dumps(_schema(model), indent=2) + "\n"
        for name, model in _models().items()
    }


def _schema(model: type[BaseModel]) -> Schema:
    """The JSON Schema, with what the source says below a field as its description."""
    schema = model.model_json_schema()
    said = _sayings()
    for name, part in [(model.__name__, schema), *schema.get("$defs", {}).items()]:
        for field, described in part.get("properties", {}).items():
            if (name, field) in said:
                described.setdefault("description", said[name, field])
    return schema


def _sayings() -> dict[tuple[str, str], str]:
    """Class and field → the text below it. Pydantic could read it, and would at each start."""
    found: dict[tuple[str, str], str] = {}
    for module in (payloads, recorded):
        for each in ast.parse(inspect.getsource(module)).body:
            if isinstance(each, ast.ClassDef):
                found |= {(each.name, field): text for field, text in _below(each.body)}
    return found


def _below(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for statement, after in itertools.pairwise(body):
        match statement, after:
            case (
                ast.AnnAssign(target=ast.Name(field)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                yield field, " ".join(text.split())
            case _:
                pass


def extension_api_page() -> str:
    """All that an author can meet: the manifest, the calls, the events, and the test files."""
    lines = [
        "# The extension API, version 1.0",
        "",
        f"Generated from `{_FOLDER}/extension.wit` and the models in `server/steward/extensions`;"
        " do not edit (`make regenerate`).",
        "",
        f"The same as JSON Schemas: `{_FOLDER}/*.json`. To write an extension, begin with [how to"
        " write an extension](../how-to/write-an-extension.md). A field without a default must be"
        " given; what is not named here is refused.",
        "",
        "## `extension.yaml`",
        "",
        *_fields(Manifest),
        "## Capabilities",
        "",
        "| Capability | It may … |",
        "| --- | --- |",
        *(f"| `{each}` | {IN_WORDS[each]} |" for each in EVERY_CAPABILITY),
        "",
        "## What an extension may ask for",
        "",
        "| Call | What it gives |",
        "| --- | --- |",
        *(f"| `{name}` | {said} |" for name, said in _host_calls()),
        "",
        f"The parts of `product-state`: {_listed(get_args(payloads.StatePart))}.",
        "",
        *_pairs(_HOST),
        "### `panel-content`",
        "",
        *_fields(payloads.PanelContent),
        "## What an extension is told",
        "",
        *_pairs({**PLAIN, **{f"{name}:NAME": pair for name, pair in NAMED.items()}}),
        "## A recorded test",
        "",
        *_fields(Recorded),
    ]
    return "\n".join(lines).rstrip("\n") + "\n"


def _host_calls() -> Iterator[tuple[str, str]]:
    """Each function of the interface `host`, with the comment above it."""
    text = (ROOT / _FOLDER / "extension.wit").read_text("utf-8")
    host = text.partition("interface host")[2].partition("interface guest")[0]
    for found in re.finditer(r"((?:^  /// .*\n)+)  ([a-z-]+): func\((.*?)\)", host, re.MULTILINE):
        said = " ".join(found[1].replace("///", "").split())
        yield f"{found[2]}({found[3]})", said


def _pairs(
    pairs: Mapping[str, tuple[type[BaseModel], type[BaseModel] | None]],
) -> Iterator[str]:
    for name, (request, response) in pairs.items():
        yield from (f"### `{name}`", "")
        for what, model in (("Given", request), ("Answered", response)):
            if model is None or model is Nothing:
                yield from (f"{what}: nothing.", "")
            else:
                yield from (f"{what}: {_first(model)}", "", *_fields(model))


def _first(model: type[BaseModel]) -> str:
    return " ".join((inspect.getdoc(model) or "").split("\n\n")[0].split())


def _fields(model: type[BaseModel]) -> list[str]:
    """A table of the fields, those of the parts below their part."""
    schema = _schema(model)
    lines = ["| Field | Type | Default | Meaning |", "| --- | --- | --- | --- |"]
    lines += [
        f"| `{path}` | {kind} | {default} | {said} |"
        for path, kind, default, said in _rows(schema, schema, "", ())
    ]
    return [*lines, ""]


def _rows(
    schema: Schema, part: Schema, above: str, within: tuple[str, ...]
) -> Iterator[tuple[str, str, str, str]]:
    required = part.get("required", [])
    for name, field in part.get("properties", {}).items():
        inner = _referred(field)
        parts = [schema["$defs"][each] for each in inner]
        said = field.get("description") or " ".join(
            each.get("description", "").split("\n\n")[0] for each in parts[:1]
        )
        default = "" if name in required or parts else _default(field)
        many = ".[]" if _is_many(field) else ""
        yield (
            f"{above}{name}{many}",
            _kind(field),
            default.replace("|", "\\|"),
            " ".join(str(said).split()).replace("|", "\\|"),
        )
        for label, each in zip(inner, parts, strict=True):
            if label not in within:
                yield from _rows(schema, each, f"{above}{name}{many}.", (*within, label))


def _default(field: Schema) -> str:
    return f"`{json.dumps(field['default'])}`" if "default" in field else "empty"


def _referred(field: Schema) -> list[str]:
    """The parts that a field holds, each once."""
    found = re.findall(r'"#/\$defs/(\w+)"', json.dumps(field))
    return list(dict.fromkeys(found))


def _is_many(field: Schema) -> bool:
    return field.get("type") == "array" or any(
        each.get("type") == "array" for each in field.get("anyOf", [])
    )


def _kind(field: Schema) -> str:
    if "enum" in field:
        return _listed(field["enum"])
    if "const" in field:
        return _listed([field["const"]])
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(_kind(each) for each in field["anyOf"]))
    if "$ref" in field or "oneOf" in field:
        return "object"
    kind = field.get("type", "anything")
    if kind == "array":
        return f"list of {_kind(field.get('items', {}))}"
    return {"string": "text", "null": "`null`"}.get(str(kind), str(kind))


def _listed(values: Any) -> str:
    return ", ".join(f"`{each}`" for each in values)
