"""A manifest is read whole or not at all, and what is wrong is said where it stands."""

from typing import Any

import pytest

from steward.core.errors import InvalidInputError
from steward.extensions.packages.consistency import check
from steward.extensions.packages.manifest_file import read_manifest
from steward.extensions.packages.schemas import why_no_config, why_no_tool_schema, why_not_value
from tests.extensions.packages.making import manifest, sources


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("name: Painter", "name: Painter\nname: Other", r":3: `name` is there twice"),
        ("name: Painter", "nmae: Painter", r":2: `nmae`: there is no such field"),
        ("name: Painter", "", r":1: `name`: it is missing; add it"),
        ("id: acme.painter", "id: Acme.Painter", r":1: `id`: write `publisher\.name`"),
        ("id: acme.painter", "id: \u0430cme.painter", r":1: `id`: "),
        ("version: 1.0.0", "version: latest", r":3: `version`: write three numbers"),
        ("version: 1.0.0", "version: 1.0", r":3: `version`: write three numbers"),
        ("name: Painter", "name: 12", r":2: `name`: it must be a text; put it in quotes"),
        ('globs: ["src/**"]', "globs: src", "must be a list"),
        ('"1.0"', '"1.7"', r":5: It was written for version 1\.7 .* Install a newer Steward"),
        ('"1.0"', '"2.0"', r":5: It was written for version 2\.0"),
        ('"1.0"', '"0.9"', r":5: .* not served any more"),
        ('"1.0"', "soon", r":5: `api_version` must be written as \"1\.0\""),
        ("Paints what", "Paints \u202e what", "cannot be taken"),
        ("capability: files.read", "capability: files.write", r":13: `permission_scope\.0\.capab"),
        ("name: Painter", "name: !!python/object:os.system x", r":2: .* tag"),
        ("name: Painter", "name: &a Painter", r":2: .* anchor"),
        ("name: Painter", "name: [", "not YAML"),
        ("name: Painter", f"name: {'[' * 30}{']' * 30}", "too deep"),
        ("name: Painter", f"name: {'x' * 70_000}", "more than"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(before: str, after: str, said: str) -> None:
    text = manifest().decode()
    assert before in text
    with pytest.raises(InvalidInputError, match=said):
        read_manifest(text.replace(before, after, 1).encode())


def test_the_one_version_may_be_written_without_quotes() -> None:
    assert read_manifest(manifest().replace(b'"1.0"', b"1.0")).api_version == "1.0"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("menus:\n  - {command: other}\n", "the command 'other'"),
        ("panels:\n  - {id: p, title: P}\n", "a panel needs 'panels.show'"),
        ("context_stages:\n  - {id: s}\n", "needs 'context.change'"),
        (
            "engine_hooks:\n  - {point: tool, time: after, veto: true}\n",
            "after-tool cannot veto",
        ),
        ("engine_hooks:\n  - {point: tool, time: before, veto: true}\n", "needs 'engine.veto'"),
        ("tools:\n  - {name: t, description: d, input_schema: {type: object}}\n", "'tools.offer'"),
        (
            "  - {capability: tools.offer, reason: r}\n"
            "tools:\n  - {name: t, description: d, input_schema: {$ref: x}}\n",
            r"`\$ref` is not taken",
        ),
        ("  - {capability: storage, globs: [a], reason: r}\n", "cannot be narrowed"),
        ("  - {capability: files.propose, globs: ['*.{js,ts}'], reason: r}\n", "two globs"),
        ("  - {capability: files.propose, globs: ['../**'], reason: r}\n", "stay in it"),
        ("  - {capability: state.read, globs: [secrets], reason: r}\n", "knows no part"),
        ("  - {capability: files.read, reason: again}\n", "has 'files.read' twice"),
        ("entry2: x\n", "no such field"),
        ("config: {type: object, properties: {a: {type: string}}}\n", "has no `default`"),
        (
            "config: {type: object, properties: {a: {type: integer, default: x}}}\n",
            "does not satisfy its own schema",
        ),
    ],
)
def test_a_manifest_must_fit_itself(more: str, said: str) -> None:
    files = sources(more=more)
    with pytest.raises(InvalidInputError, match=said):
        check(read_manifest(files["extension.yaml"]), files)


def test_a_manifest_must_fit_its_files() -> None:
    files = sources()
    del files["main.py"]
    with pytest.raises(InvalidInputError, match="no such file is there"):
        check(read_manifest(files["extension.yaml"]), files)


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "integer", "minimum": 1}, 1, True),
        ({"type": "number", "exclusiveMaximum": 2}, 1.5, 2),
        ({"type": "string", "maxLength": 2}, "ab", "abc"),
        ({"enum": [1, "a"]}, "a", True),
        ({"const": 0}, 0, False),
        ({"type": "array", "items": {"type": "string"}, "uniqueItems": True}, ["a"], ["a", "a"]),
        ({"type": ["string", "null"]}, None, 1),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, 3, 3.5),
        ({"oneOf": [{"minimum": 1}, {"type": "integer"}]}, 0, 2),
        ({"properties": {"a": False}, "required": ["b"]}, {"b": 1}, {"a": 1, "b": 1}),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, {"x": 1}, {"x": "1"}),
    ],
)
def test_values_are_checked_as_json_schema_says(
    schema: dict[str, object], good: object, bad: object
) -> None:
    assert why_no_tool_schema(schema) is None
    assert why_not_value(schema, good) is None  # pyright: ignore[reportArgumentType]
    assert why_not_value(schema, bad) is not None  # pyright: ignore[reportArgumentType]


BAD_SCHEMAS: list[dict[str, Any]] = [
    {"pattern": "(a+)+$"},
    {"type": "text"},
    {"properties": []},
    {"minLength": -1},
    {"enum": []},
    {"anyOf": [{}] * 17},
    {"items": {"items": 5}},
    {"description": "x" * 20_000},
]


@pytest.mark.parametrize("schema", BAD_SCHEMAS)
def test_a_schema_that_could_take_for_ever_or_says_nothing_is_refused(
    schema: dict[str, object],
) -> None:
    assert why_no_tool_schema(schema) is not None
    assert why_no_config(schema) is not None
