"""A definition as the fields of a form, and the file that they make.

The file is what counts and what is kept. Who changes an agent by its fields gets a file that is
written anew: comments in the front matter are gone then.
"""

import json
from collections.abc import Mapping
from decimal import Decimal

from steward.agents.definitions.agent_file import AgentFile


def file_of(values: Mapping[str, object], persona: str) -> str:
    """The file whose front matter says these values; what is empty is left out.

    Whether they are a definition is for `check` to say.
    """
    lines = [f"{name}: {_written(value)}" for name, value in values.items() if _is_said(value)]
    # As an own line a fence would end the front matter; in JSON no value has lines.
    return "\n".join(("---", *lines, "---", "", persona.strip("\n"), ""))


def values_of(file: AgentFile) -> dict[str, object]:
    """What a definition says, as JSON values, and what is so by itself where it says nothing."""
    return file.model_dump(mode="json")


def _is_said(value: object) -> bool:
    return value not in (None, "", (), [], {})


def _written(value: object) -> str:
    # YAML takes what JSON is, and a text in quotes is nothing else than a text.
    return json.dumps(value, ensure_ascii=False, default=_number)


def _number(value: object) -> float | int:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"{type(value).__name__} has no place in a definition.")
