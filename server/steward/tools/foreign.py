"""Arguments of tools that are not ours: whatever a model gives, for somebody else to judge."""

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from steward.core.agent_limits import MCP_ARGUMENTS_CHARS_MAX
from steward.core.errors import InvalidInputError
from steward.core.redact import redact


class ForeignArguments(BaseModel):
    """Whatever a model gives; whoever takes it judges it, by a schema of its own."""

    model_config = ConfigDict(frozen=True, extra="allow")
    shape: ClassVar[Mapping[str, Any]] = {}

    @classmethod
    def model_json_schema(cls, *_arguments: object, **_options: object) -> dict[str, Any]:
        """The names and types that it is said to take."""
        return dict(cls.shape)

    def given(self) -> dict[str, Any]:
        """What the model gave."""
        return dict(self.model_extra or {})


def arguments_of(shape: Mapping[str, Any]) -> type[ForeignArguments]:
    """The arguments of one tool, whose schema a model is told."""
    return type("ForeignArguments", (ForeignArguments,), {"shape": shape})


def checked(arguments: ForeignArguments, receiver: str) -> dict[str, Any]:
    """The arguments, if the receiver may have them: `an MCP server`, `an extension`.

    Raises:
        InvalidInputError: they hold what looks like a secret, or are too large.
    """
    given = arguments.given()
    text = json.dumps(given, ensure_ascii=False)
    if len(text) > MCP_ARGUMENTS_CHARS_MAX:
        raise InvalidInputError(
            f"The arguments have more than {MCP_ARGUMENTS_CHARS_MAX} characters; give less at once."
        )
    if redact(text) != text:
        raise InvalidInputError(
            f"The arguments hold what looks like a secret, and none is sent to {receiver}. Leave"
            " it out."
        )
    return given
