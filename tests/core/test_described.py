"""Fields are described by their docstrings, which only a schema looks up."""

import subprocess
import sys

from pydantic import ConfigDict, Field

from steward.core.described import Described
from tests.environment import ROOT, clean_environment


class Below(Described):
    """What another one stands on."""

    model_config = ConfigDict(frozen=True)

    size: int = 0
    """How much,
    at most."""
    plain: int = 0


class Above(Below):
    """What stands on it."""

    named: str = Field(default="", description="What was said already.")
    """What is not said."""
    below: Below = Below()
    """One of them."""


def test_a_schema_describes_its_fields_and_those_it_inherits_and_holds() -> None:
    schema = Above.model_json_schema()
    assert {name: each.get("description") for name, each in schema["properties"].items()} == {
        "size": "How much,\nat most.",
        "plain": None,
        "named": "What was said already.",
        "below": "One of them.",
    }
    assert schema["$defs"]["Below"]["properties"]["size"]["description"] == "How much,\nat most."


_READS = """
import inspect
def refuse(*_): raise AssertionError("a source was read")
inspect.findsource = inspect.getsource = inspect.getsourcelines = refuse
import steward.settings
steward.settings.Settings()
"""


def test_starting_reads_no_sources_of_settings() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _READS],
        env=clean_environment() | {"PYTHONPATH": str(ROOT / "server")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
