"""A run and the hands that do its work."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from steward.agents.agent import NO_CAPS, Agent, Caps
from steward.agents.caps import Used, Whose, raised
from steward.agents.course import Course
from steward.agents.moments import Moments, Took
from steward.agents.pieces import Pieces
from steward.agents.run import RunLog, RunSpecification, RunState
from steward.agents.sent import Sent
from steward.context.agent_context import NOTHING_SHOWN, AgentContext, AgentGatherer
from steward.context.meter import Meter
from steward.context.prompts import Assignment
from steward.context.room import room_for
from steward.core.agent_limits import AGENT_DEPTH_MAX
from steward.core.errors import OverBudgetError, StewardError, UnstructuredError
from steward.core.events import TextCame
from steward.core.ids import IdSource
from steward.extensions.engine_hooks import EngineHooks
from steward.gateway.call.answer import Answer
from steward.gateway.call.contract import calls_in
from steward.gateway.gateway import Gateway
from steward.gateway.request import Message, ModelRequest, Task, ToolCall, ToolSpec
from steward.gateway.structured.ask import ASKED_MOST, again
from steward.ledger import reading
from steward.ledger.ledger import Ledger
from steward.permissions.act import is_given
from steward.permissions.approvals import Approvals
from steward.permissions.trust import Trust
from steward.permissions.waiting import waited_s
from steward.tools.ask_agent import ASK_AGENT
from steward.tools.extension_tools import ExtensionTools
from steward.tools.invoke import Invoker
from steward.tools.mcp.offers import Offers
from steward.tools.tool import Call
from steward.workspace.land import Lander
from steward.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Hands:
    """What every run works with."""

    gateway: Gateway
    ledger: Ledger
    approvals: Approvals
    trust: Trust
    invoker: Invoker
    lander: Lander
    workspace: Workspace
    context: AgentGatherer
    log: RunLog
    sent: Sent
    new_id: IdSource
    caps: Caps
    """How much the settings let a run take."""
    output_tokens_max: int
    mcp: Offers | None = None
    """Tools of MCP servers; `None` where there are none."""
    extension_tools: ExtensionTools | None = None
    engine_hooks: EngineHooks | None = None
    """Extensions that look at runs; `None` where none can."""


@dataclass(frozen=True, slots=True)
class Work:
    """One run with its hands; the base of all that takes its steps."""

    hands: Hands
    specification: RunSpecification
    raised: Caps = NO_CAPS
    """The limits that the person raised when they let the run go on."""
    shown: AgentContext = NOTHING_SHOWN
    """What was gathered when the run began."""
    above: tuple[Agent, ...] = ()
    """The agents that called this one, the nearest first; none for the one that the run was
    started with."""

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self.specification.run_id

    @property
    def agent(self) -> Agent:
        """Who acts, as it was defined when the run began."""
        return self.specification.agent

    @property
    def caps(self) -> Mapping[Whose, Caps]:
        """Everybody's caps; the narrowest counts, but for what the person raised since.

        A called agent has its own here; those of its callers hold beside them.
        """
        if self.above:
            return {"agent": self.agent.caps}
        everybody: dict[Whose, Caps] = {
            "settings": self.hands.caps,
            "agent": self.agent.caps,
            "person": self.specification.caps,
        }
        return raised(everybody, self.raised)

    @property
    def callable(self) -> tuple[Agent, ...]:
        """The agents that it may call: all above it may call them too, and none is at work."""
        chain = (self.agent, *self.above)
        if len(chain) > AGENT_DEPTH_MAX:
            return ()
        busy = {each.agent_id for each in chain}
        return tuple(
            called
            for called in self.specification.called
            if called.agent_id not in busy and all(called.agent_id in each.agents for each in chain)
        )

    @property
    def tools(self) -> tuple[ToolSpec, ...]:
        """The tools that it has, as its model is told of them: no more than all above it have."""
        chain = (self.agent, *self.above)
        there = self.callable
        names = frozenset(
            name
            for name in self.hands.invoker.tools
            if all(is_given(name, each.allowed_tools) for each in chain)
            and (there or name != ASK_AGENT)
        )
        told = "".join(f"\n- {each.agent_id}: {each.description}" for each in there)
        return tuple(
            replace(spec, description=f"{spec.description} There are:{told}")
            if spec.name == ASK_AGENT
            else spec
            for spec in self.hands.invoker.specs(names)
        )

    @property
    def assignment(self) -> Assignment:
        """What the person asked for."""
        specification = self.specification
        shown, run_id = self.shown, specification.run_id
        return Assignment(
            shown.goal,
            specification.place,
            shown.observations,
            shown.blocks,
            run_id,
            shown.instructions if self.agent.instructions else (),
        )

    def room(self, tools: tuple[ToolSpec, ...]) -> int:
        """The tokens that a conversation may take with the model that is asked."""
        window = None
        with suppress(StewardError):  # The call itself will say why there is no model.
            model = self.hands.gateway.model_for(self.specification.principal, "agent")
            window = model.input_tokens_max
        return room_for(window, self.hands.output_tokens_max, tools)

    @property
    def moments(self) -> Moments:
        """The moments of this agent that extensions may look at."""
        hooks, clock = self.hands.engine_hooks, self.hands.log.clock
        return Moments(hooks, clock, self.run_id, self.agent.agent_id)

    def now_s(self) -> float:
        """The monotonic clock."""
        return self.hands.log.clock.monotonic_s()

    async def used(self, course: Course | None) -> tuple[Used, ...]:
        """What the agent has taken, then its caller, and so on up; of a run without a course, it.

        Each with what those took that it called. Waiting for people takes nothing.
        """
        spent, waited = await self.hands.log.database.read(
            lambda session: (
                reading.run_totals(session, self.run_id),
                waited_s(session, self.run_id),
            )
        )
        tokens, cost = spent.input_tokens + spent.output_tokens, spent.cost_nano_usd
        if course is None:
            return (Used(tokens, cost),)
        return tuple(
            Used(
                tokens - each.tokens_before,
                cost - each.cost_before,
                each.thoughts,
                sum(max(0.0, s - waited.get(step, 0.0)) for step, s in each.work_s.items()),
                each.output_chars,
            )
            for each in course.chain
        )

    def request(
        self, task: Task, messages: tuple[Message, ...], tools: tuple[ToolSpec, ...] = ()
    ) -> ModelRequest:
        """What the model would be asked."""
        return ModelRequest(
            request_id=self.hands.new_id(),
            task=task,
            messages=messages,
            output_tokens_max=self.hands.output_tokens_max,
            tools=tools,
            run_id=self.run_id,
            model=self.agent.model_preference,
            agent=self.agent.agent_id,
            takes_contract=True,
            hint=self.shown.hint,
        )

    async def ask_model(
        self,
        step: str,
        task: Task,
        messages: tuple[Message, ...],
        tools: tuple[ToolSpec, ...] = (),
    ) -> tuple[str, tuple[ToolCall, ...]]:
        """The model's answer: its text and the tools it wants to use.

        A model that is told of its tools in words, and keeps to them only in part, is asked again.
        """
        asked = messages
        for left in reversed(range(ASKED_MOST)):
            text, answer = await self._answered(step, task, asked, tools)
            wanted = answer.tool_calls
            try:
                if answer.trail.is_by_contract:
                    text, wanted = await calls_in(text)
            except UnstructuredError as error:
                if not left:
                    raise
                asked = (*messages, *again(text, error))
                continue
            calls = [ToolCall(_sound(c.id), _sound(c.name), c.arguments) for c in wanted]
            return _sound(text), tuple(calls)
        raise AssertionError  # pragma: no cover

    async def _answered(
        self,
        step: str,
        task: Task,
        messages: tuple[Message, ...],
        tools: tuple[ToolSpec, ...],
    ) -> tuple[str, Answer]:
        """One call of the model."""
        name = self._model_name(task)
        async with self.moments.around("model", name) as took:
            return await self._asked_once(step, task, messages, tools, took)

    async def _asked_once(
        self,
        step: str,
        task: Task,
        messages: tuple[Message, ...],
        tools: tuple[ToolSpec, ...],
        took: Took,
    ) -> tuple[str, Answer]:
        request = self.request(task, messages, tools)
        specification = self.specification
        async with self.hands.gateway.call(specification.principal, request) as answer:
            # Before anything leaves: what cannot be written down is not sent.
            model = answer.trail.model
            await self.hands.sent.keep(specification, step, model, messages, tools)
            # What is said to the person is shown as it comes; a plan, or calls in words, are not.
            is_said = task == "agent" and not answer.trail.is_by_contract
            text = await (self._read_aloud(step, answer) if is_said else _read(answer))
        usages = [attempt.usage for attempt in answer.trail.attempts]
        took.tokens = sum(each.input_tokens + each.output_tokens for each in usages)
        took.cost_nano_usd = answer.cost_nano_usd
        if notes := answer.trail.notes():
            title = f"The answer came from {answer.trail.model}"
            await self.record(f"{step}-model", title, "; ".join(notes))
        if answer.lowered_to is not None and answer.finish_reason == "length":
            raise OverBudgetError(
                f"The model's answer ended after {answer.lowered_to} tokens, which is all that the"
                " budget still covered, and half an answer is not acted on. What was landed stays."
                " `steward budget show` says what is left; a higher limit lets the run start again."
            )
        return text, answer

    def _model_name(self, task: Task) -> str:
        """The model that will most likely be asked."""
        if self.agent.model_preference is not None:
            return self.agent.model_preference
        with suppress(StewardError):  # The call itself will say why there is none.
            return self.hands.gateway.model_for(self.specification.principal, task).id
        return ""

    async def _read_aloud(self, step: str, answer: Answer) -> str:
        """The whole text, whose pieces are told to whoever watches."""
        said: list[str] = []
        told = 0

        def tell(text: str) -> None:
            nonlocal told
            self.hands.log.events.send(TextCame(self.run_id, step, told, text))
            told += len(text)

        pieces = Pieces(tell)
        try:
            async for piece in answer:
                said.append(piece)
                pieces.add(piece)
        finally:
            pieces.close()
        return "".join(said)

    def call(self, step: str, landed: Mapping[str, str | None]) -> Call:
        """The surroundings of a tool's call in this step; `landed` as `Call` has it."""
        return Call(
            self.specification.principal,
            self.run_id,
            step,
            self.hands.workspace,
            landed,
            agent=self.agent.agent_id,
            callers=tuple(each.agent_id for each in self.above),
        )

    async def enter(
        self, state: RunState, step: str, message: str, *, context: Meter | None = None
    ) -> None:
        """Say what the run is doing now; `context`: what its conversation takes, where it asks."""
        log, whose = self.hands.log, self._whose(message)
        await log.enter(self.run_id, state, step, whose, context=context)

    async def record(self, name: str, title: str, detail: str, *, ok: bool = True) -> None:
        """Write a finished step down, for people."""
        title = self._whose(title)
        await self.hands.log.record(self.specification, name, title, detail, ok=ok)

    def _whose(self, text: str) -> str:
        """The text with the agent's name before it, where it is a called one's."""
        return f"{self.agent.name}: {text}" if self.above else text


async def _read(answer: Answer) -> str:
    return "".join([piece async for piece in answer])


def _sound(text: str) -> str:
    """The text with halves of characters joined, or replaced where they stand alone.

    JSON can carry half a surrogate pair; no database and no other side takes one.
    """
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
