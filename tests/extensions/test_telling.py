"""What is larger than an extension may be told breaks nothing of what it is told about."""

from typing import Any, cast

from steward.context.block import Block
from steward.context.stage import Staged
from steward.context.staging import Stages
from steward.extensions import manifest
from steward.extensions.current import Current
from steward.extensions.engine_hooks import EngineHooks, Moment
from steward.extensions.stages import ExtensionStage
from tests.extensions.test_engine_hooks import Running, one

LONG = "src/" + "a" * 1_000


async def test_a_step_is_taken_though_no_extension_can_be_told_of_it() -> None:
    running = Running(one("a.a"), says={"a.a": "no"})
    looking = EngineHooks(Current(cast("Any", running)))
    moment = Moment("r1", "fixer", "tool", "before", "edit_file", (LONG,))
    assert await looking.before(moment) is None
    assert running.told == []


async def test_a_model_is_asked_though_no_stage_can_be_shown_its_context() -> None:
    current = Current(cast("Any", Running(one("a.a"))))
    stage = ExtensionStage(current, "a.a", manifest.Stage(id="tidy", position="final"), {})
    pieces = (
        Block("repository", "a long name", "text", LONG),
        Block("repository", "long", "x" * 1_000_001),
    )
    for piece in pieces:
        staged = Staged("chat", "", (piece,), (1,))
        found = await Stages(lambda: [stage]).look("final", staged, None, str)
        assert found.blocks == (piece,)
        (left,) = found.left_out
        assert "larger than that may be" in left.why
