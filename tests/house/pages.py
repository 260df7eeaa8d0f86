"""What the generated files contain, each written from the code that it describes."""

import inspect
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from steward.agents.definitions.agent_file import AgentFile
from steward.agents.plan import Plan
from steward.cli.run_lines import any_line
from steward.lsp.server import COMMANDS
from steward.permissions.policy_file import PolicyFile
from steward.settings import Settings

Schema = dict[str, Any]


def settings_schema() -> str:
    """The settings as JSON Schema, for editors that complete `settings.toml`."""
    return json.dumps(Settings.model_json_schema(), indent=2) + "\n"


def agent_schema() -> str:
    """An agent's front matter as JSON Schema, for editors that complete it."""
    return json.dumps(AgentFile.model_json_schema(), indent=2) + "\n"


def plan_schema() -> str:
    """A plan as JSON Schema, for editors in which a person changes one."""
    return json.dumps(Plan.model_json_schema(), indent=2) + "\n"


def policy_schema() -> str:
    """An administrator's policy as JSON Schema, for editors that complete it."""
    return json.dumps(PolicyFile.model_json_schema(), indent=2) + "\n"


def run_lines_schema() -> str:
    """A line that `steward agent run --json` writes, for programs that read them."""
    return json.dumps(any_line().json_schema(), indent=2) + "\n"


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the settings page."""

    name: str
    default: str
    meaning: str


def settings_page() -> str:
    """Every setting with its default and its meaning, a section at a time."""
    schema: Schema = Settings.model_json_schema()
    lines = [
        "# Settings",
        "",
        "Generated from the settings in `server/steward`; do not edit (`make regenerate`).",
        "",
        "Settings stand in `settings.toml` in your own configuration folder, each section under "
        "its heading. A variable `STEWARD_SECTION__NAME` wins over the file. A workspace cannot "
        "set anything. Durations are seconds or written as ISO 8601 has them: `PT15M` is 15 "
        "minutes.",
        "",
    ]
    plain, sections = _split(schema)
    lines += _table(plain)
    for name, body in sections.items():
        lines += [f"## `[{name}]`", "", *_table(list(_rows(schema, body, "")))]
    return "\n".join(lines).rstrip("\n") + "\n"


def _split(schema: Schema) -> tuple[list[Setting], dict[str, Schema]]:
    """The settings that stand in no section, and the sections."""
    plain: list[Setting] = []
    sections: dict[str, Schema] = {}
    for name, field in schema["properties"].items():
        section = _referred(schema, field)
        if section is None:
            plain.append(Setting(name, _default(field), _meaning(field)))
        else:
            sections[name] = section
    return plain, sections


def _rows(schema: Schema, body: Schema, prefix: str) -> Iterator[Setting]:
    required: list[str] = body.get("required", [])
    for name, field in body["properties"].items():
        nested = _referred(schema, field)
        entry = _referred(schema, _entry(field))
        default = "required" if name in required else _default(field)
        yield Setting(prefix + name, default if nested is None else "", _meaning(field))
        if nested is not None:
            yield from _rows(schema, nested, f"{prefix}{name}.")
        if entry is not None:
            yield from _rows(schema, entry, f"{prefix}{name}.NAME.")


def _entry(field: Schema) -> Schema:
    """What a table holds under each name."""
    patterns: dict[str, Schema] = field.get("patternProperties", {})
    entry: Schema | bool = field.get("additionalProperties", False)
    return next(iter(patterns.values()), entry if isinstance(entry, dict) else {})


def _referred(schema: Schema, field: Schema) -> Schema | None:
    """The object that a field holds, if it holds one of ours."""
    name = str(field.get("$ref", "")).rpartition("/")[2]
    return schema["$defs"][name] if name else None


def _default(field: Schema) -> str:
    if "default" not in field:
        return "where the system keeps such things"
    default: Any = field["default"]
    return "not set" if default is None else f"`{json.dumps(default)}`"


def _meaning(field: Schema) -> str:
    return " ".join(str(field.get("description", "")).split())


def _table(settings: list[Setting]) -> list[str]:
    lines = ["| Name | Default | Meaning |", "| --- | --- | --- |"]
    lines += [f"| `{each.name}` | {each.default} | {each.meaning} |" for each in settings]
    return [*lines, ""]


def commands_page() -> str:
    """Every command, with what it takes and gives."""
    lines = [
        "# Commands",
        "",
        "Generated from the table in `server/steward/lsp/server.py`; do not edit "
        "(`make regenerate`).",
        "",
        "A client runs them with `workspace/executeCommand`. Each takes at most one object; a "
        "question mark marks what may be left out.",
        "",
        "| Command | What it does: what it takes → what it gives |",
        "| --- | --- |",
    ]
    lines += [f"| `{name}` | {_said(command)} |" for name, command in COMMANDS.items()]
    return "\n".join(lines) + "\n"


def _said(command: object) -> str:
    return " ".join((inspect.getdoc(command) or "").split()).replace("|", "\\|")
