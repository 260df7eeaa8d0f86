"""What the tests of authoring need that is built before them."""

import os
from pathlib import Path

import pytest

from steward.sandbox.wasm.runtimes import runtime_file
from tests.environment import ROOT

LANGUAGES = ("python", "javascript", "typescript")


def need(runtime: str) -> None:
    """Skip the test where the runtime is not built."""
    if runtime != "component" and not runtime_file(runtime).is_file():
        if "STEWARD_REQUIRE_RUNTIMES" in os.environ:
            pytest.fail(f"the {runtime} runtime is not built; run `make runtimes`")
        pytest.skip(f"the {runtime} runtime is not built; run `make runtimes`")


def built(example: str, name: str) -> Path:
    """What `make examples` made; the test is skipped where it is not there."""
    made = ROOT / ".examples" / example / name
    if not made.is_file():
        if "STEWARD_REQUIRE_EXAMPLES" in os.environ:
            pytest.fail(f"{made} is missing; run `make examples`")
        pytest.skip("the example is not built; run `make examples`")
    return made
