"""The agents that come with the product, read from the files beside this package."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from steward.agents.agent import Agent
from steward.agents.definitions.agent_file import SUFFIX, Origin, parse

_ORDER = (
    "fix",
    "explain",
    "refactor",
    "coder",
    "test-writer",
    "documenter",
    "reviewer",
    "git-helper",
)
"""As people are shown them."""


@cache
def shipped() -> Mapping[str, Agent]:
    """Every agent of the product, by id. The first call reads files: make it on a thread."""
    folder = files("steward.agents") / "shipped"
    found: dict[str, Agent] = {}
    for agent_id in _ORDER:
        name = f"{agent_id}{SUFFIX}"
        text = (folder / name).read_text(encoding="utf-8")
        found[agent_id] = parse(agent_id, text, Origin("shipped", "steward", name))
    return MappingProxyType(found)


def shipped_text(agent_id: str) -> str:
    """The file of an agent of the product, as it was written."""
    assert agent_id in _ORDER
    file = files("steward.agents") / "shipped" / f"{agent_id}{SUFFIX}"
    return file.read_text(encoding="utf-8")


SHIPPED_IDS = frozenset(_ORDER)
