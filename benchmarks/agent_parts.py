"""What the parts of a run cost on their own: a durable step, a decision, a fixed prompt."""

import asyncio
import importlib
import pkgutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path

import steward.tools
from benchmarks.measure import Samples
from steward.agents.definitions.shipped import shipped
from steward.agents.workflows.durable import DurableEngine
from steward.agents.workflows.journal import Journal, JsonObject
from steward.agents.workflows.owner import Owner
from steward.context.prompts import Assignment, agent_messages, plan_messages
from steward.context.room import tokens_of, tokens_of_tools
from steward.gateway.request import ToolSpec
from steward.permissions.decide import Act, Allow, Authority, decide
from steward.permissions.roles import capabilities_of
from steward.permissions.rules import Rule
from steward.tools.schema import schema_for_model

STEPS, WARM_UP = 400, 50
DECISIONS, BATCHES = 2_000, 20


async def durable_steps() -> Samples:
    """A journaled step that does nothing, in ms; the floor is a bare insert and its commit."""
    samples = Samples()
    ended = asyncio.Event()

    async def nothing() -> JsonObject:
        return {}

    async def interpret(_run: str, _given: Mapping[str, object], journal: Journal) -> JsonObject:
        for number in range(WARM_UP + STEPS):
            began = time.perf_counter()
            await journal.step(f"step-{number}", nothing)
            samples.steward.append((time.perf_counter() - began) * 1000)
        ended.set()
        return {}

    with tempfile.TemporaryDirectory() as name:
        owner = Owner(Path(name), "bench")
        engine = DurableEngine(Path(name), "/bench", owner, interpret)
        try:
            await engine.start("run-1", {})
            await ended.wait()
        finally:
            await engine.close()
            await asyncio.to_thread(owner.release)
        samples.floor = await asyncio.to_thread(_bare_commits, Path(name) / "bare.db")
    del samples.steward[:WARM_UP]
    return samples


def _bare_commits(path: Path) -> list[float]:
    taken: list[float] = []
    driver = sqlite3.connect(path, isolation_level=None)
    driver.execute("PRAGMA journal_mode = WAL")
    driver.execute("PRAGMA synchronous = NORMAL")  # As the journal has it.
    driver.execute("CREATE TABLE step (number INTEGER PRIMARY KEY, output TEXT)")
    for number in range(STEPS):
        began = time.perf_counter()
        driver.execute("INSERT INTO step VALUES (?, ?)", (number, "{}"))
        taken.append((time.perf_counter() - began) * 1000)
    driver.close()
    return taken


def decision_us() -> float:
    """One decision about an edit within the plan, in microseconds of processor time."""
    agent = shipped()["fix"]
    rules = (Rule("deny", "edit_file", "vendor/**"), Rule("ask", "edit_file", "docs/**"))
    authority = Authority(
        agent.allowed_tools,
        agent.permission_scope,
        capabilities_of("developer"),
        plan_tools=frozenset({"edit_file", "run_tests"}),
        plan_files={"edit_file": ("src/**", "tests/**")},
        rules=rules,
        is_trusted=True,
    )
    act = Act("edit_file", "files.propose", ("src/package/module.py",))
    if not isinstance(decided := decide(authority, act), Allow):
        raise TypeError(f"an edit within the plan is measured, and this one is none: {decided}")
    taken: list[float] = []
    for _ in range(BATCHES):
        began = time.thread_time()  # Nothing in it waits; what others take is none of its time.
        for _ in range(DECISIONS):
            decide(authority, act)
        taken.append((time.thread_time() - began) / DECISIONS * 1_000_000)
    return statistics.median(taken)


def fixed_tokens() -> dict[str, int]:
    """Agent → the tokens that each of its requests carries before there is any work."""
    specs = {spec.name: spec for spec in _tools()}
    nothing = Assignment("", "", "", run_id="run-1")
    taken: dict[str, int] = {}
    for agent in shipped().values():
        offered = [spec for name, spec in specs.items() if name in agent.allowed_tools]
        thinking = tokens_of(agent_messages(agent.persona, nothing, "", []))
        described = {spec.name: spec.description for spec in offered}
        planning = tokens_of(plan_messages(agent.persona, described, nothing))
        taken[agent.agent_id] = max(thinking + tokens_of_tools(offered), planning)
    return taken


def _tools() -> list[ToolSpec]:
    found: list[ToolSpec] = []
    for module in pkgutil.iter_modules(steward.tools.__path__, "steward.tools."):
        for made in vars(importlib.import_module(module.name)).values():
            if isinstance(made, type) and is_dataclass(made) and made.__module__ == module.name:
                said = {each.name: each.default for each in fields(made)}
                if {"name", "description", "arguments"} <= set(said):
                    schema = schema_for_model(said["arguments"])  # pyright: ignore[reportArgumentType]
                    found.append(ToolSpec(str(said["name"]), str(said["description"]), schema))
    return found


if __name__ == "__main__":
    steps = asyncio.run(durable_steps())
    print(steps.medians(), decision_us(), fixed_tokens())
