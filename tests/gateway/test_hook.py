"""Hooks look at model calls, and an objection holds, whatever else goes wrong."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from demo.replies import Reply, ToolCall, Usage, always, say
from demo.scripted_model import ScriptedModel
from steward.core.errors import NotPermittedError
from steward.gateway.hook import Answered, Asking, Hook, Hooks, Objection
from steward.gateway.request import ToolSpec
from tests.gateway.desk import KEY, Desk, asked, open_desk
from tests.ledger.bank import ANN

TOOL = ToolSpec("look", "Look.", {"type": "object"})


@dataclass
class Watching:
    """Notes what it sees, and objects where it was told to."""

    name: str = "watching"
    is_guard: bool = True
    objects_before: str | None = None
    objects_after: str | None = None
    fault: Exception | None = None
    hangs: bool = False
    asked: list[Asking] = field(default_factory=list[Asking])
    answered: list[Answered] = field(default_factory=list[Answered])

    async def before(self, asking: Asking) -> Objection | None:
        self.asked.append(asking)
        await self._go_wrong()
        return Objection(self.objects_before) if self.objects_before else None

    async def after(self, asking: Asking, answered: Answered) -> Objection | None:
        self.answered.append(answered)
        return Objection(self.objects_after) if self.objects_after else None

    async def _go_wrong(self) -> None:
        if self.hangs:
            await asyncio.Event().wait()
        if self.fault is not None:
            raise self.fault


async def fails(folder: Path, model: ScriptedModel, *hooks: Hook) -> tuple[str, Desk]:
    """What the person is told when a hook objects."""
    async with open_desk(folder, model, hooks=hooks) as desk:
        error = await desk.fails()
        assert isinstance(error, NotPermittedError)
        return str(error), desk


async def test_a_hook_sees_the_call_without_secrets_and_the_whole_answer(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    hook = Watching()
    scripted_model.script = always(
        Reply(pieces=("Let me", " look."), tool_calls=(ToolCall("look"),))
    )
    async with open_desk(tmp_path, scripted_model, hooks=[hook]) as desk:
        await desk.ask(asked(f"my key is {KEY}", tools=(TOOL,)))
    (seen,), (answered,) = hook.asked, hook.answered
    assert (seen.principal, seen.model) == (ANN, "custom/small")
    assert KEY not in str(seen.request)
    assert answered.text == "Let me look."
    assert [call.name for call in answered.tool_calls] == ["look"]


async def test_an_objection_before_a_call_means_that_nothing_is_sent_or_booked(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    quiet, objecting = Watching("quiet"), Watching("house rule", objects_before="it names a client")
    async with open_desk(tmp_path, scripted_model, hooks=[quiet, objecting]) as desk:
        error = await desk.fails()
        assert isinstance(error, NotPermittedError)
        for told in ("'house rule'", "it names a client", "Nothing was sent"):
            assert told in str(error)
        assert await desk.ledger.calls(ANN) == ()
    assert scripted_model.exchanges == []


async def test_an_objection_to_an_answer_keeps_whoever_asked_from_acting_on_it(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(Reply(pieces=("rm -rf",), usage=Usage(40, 7)))
    async with open_desk(tmp_path, scripted_model, hooks=[Watching(objects_after="no")]) as desk:
        assert isinstance(await desk.fails(), NotPermittedError)
        paid = await desk.paid()
        assert (paid.state, paid.usage.input_tokens, paid.is_estimated) == ("settled", 40, False)


@pytest.mark.parametrize("is_known", [False, True])
async def test_hooks_look_at_known_answers_too(
    tmp_path: Path, scripted_model: ScriptedModel, is_known: bool
) -> None:
    scripted_model.script = always(say("hello"))
    hook = Watching()
    async with open_desk(tmp_path, scripted_model, hooks=[hook]) as desk:
        await desk.ask(asked(request_id="r1"))
        if is_known:
            hook.objects_after = "not any more"
        else:
            hook.objects_before = "not any more"
        assert isinstance(await desk.fails(asked(request_id="r2")), NotPermittedError)
        assert len(scripted_model.exchanges) == 1
        assert (await desk.ledger.standing(ANN)).reserved == 0


async def test_a_guard_that_fails_lets_nothing_through(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    told, _ = await fails(tmp_path, scripted_model, Watching(fault=ValueError(KEY)))
    assert "it failed (ValueError)" in told
    assert KEY not in told
    assert scripted_model.exchanges == []


async def test_one_that_only_observes_stops_nothing_and_hides_nothing_from_a_guard(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(say("hello"))
    broken = Watching("broken", is_guard=False, fault=RuntimeError("oops"))
    async with open_desk(tmp_path, scripted_model, hooks=[broken]) as desk:
        assert (await desk.ask())[0] == "hello"
    guard = Watching("guard", objects_before="no")
    told, _ = await fails(tmp_path, scripted_model, broken, guard)
    assert "'guard'" in told


async def test_a_hook_that_hangs_is_given_up() -> None:
    asking = Asking(ANN, asked(), "custom/small")
    guard = Hooks([Watching(hangs=True)], within_s=0.05)
    with pytest.raises(NotPermittedError, match="TimeoutError"):
        await guard.before(asking)
    await Hooks([Watching(hangs=True, is_guard=False)], within_s=0.05).before(asking)


async def test_a_caller_who_leaves_while_a_hook_looks_is_not_held_up(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    hook = Watching(hangs=True)
    async with open_desk(tmp_path, scripted_model, hooks=[hook]) as desk:
        asking = asyncio.create_task(desk.ask())
        async with asyncio.timeout(20):
            while not hook.asked:
                await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert await desk.ledger.calls(ANN) == ()
