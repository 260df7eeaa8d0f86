"""The durable engine: runs as DBOS workflows on a SQLite file of their own.

The only file that knows DBOS, which is imported when the first run starts. Each process is an
executor with a name of its own and serves a queue per workspace, so that a run is only ever
taken over by a window that shows its files. A step's outcome is an envelope (value or error as
data): the engine gives exceptions another class when it replays them, so nothing may depend on it.
"""

import asyncio
import hashlib
import json
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steward.agents.workflows.journal import Journal, JsonObject
from steward.agents.workflows.owner import Owner
from steward.core.errors import StewardError, UnavailableError

_log = logging.getLogger(__name__)

_INTERPRETER = "2"
"""Raised only when the order in which a run takes its steps changes."""
_QUEUE_POLL_S = 0.25
_MESSAGE_POLL_S = 0.1
"""The engine's thread for messages between workflows sleeps so long, and closing waits for it.

We send none, so a look is at nothing but an empty list.
"""
_CANCEL_WITHIN_S = 5.0
_UNDER_WAY = ("ENQUEUED", "PENDING")
OUTDATED = (
    "Another version of Steward began this run, and this one cannot go on with it. What was landed"
    " stays. Start another run for what is left to do."
)
_NOT_AGAIN = ("tool-", "land-")
"""Steps that may have changed something: once finished, they are not taken again."""

Interpret = Callable[[str, Mapping[str, object], Journal], Awaitable[JsonObject]]
"""Plays one run: its id, its specification, and the journal to take steps with."""


class StepFailedError(StewardError):
    """A step ended with an error of ours; `code` and message are the recorded ones."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class _DbosJournal:
    dbos: Any

    async def step(self, name: str, work: Callable[[], Awaitable[JsonObject]]) -> JsonObject:
        async def enveloped() -> str:
            try:
                envelope: JsonObject = {"ok": True, "value": await work()}
            except StewardError as error:
                envelope = {"ok": False, "code": error.code, "message": str(error)}
            # As ASCII: what an editor or a model sends may hold halves of characters.
            return json.dumps(envelope)

        envelope: Any = json.loads(await self.dbos.run_step_async({"name": name}, enveloped))
        if not envelope["ok"]:
            raise StepFailedError(envelope["code"], envelope["message"])
        return envelope["value"]


class DurableEngine:
    """Starts runs, takes over those of the dead, and survives being killed at any point."""

    def __init__(self, folder: Path, workspace: str, owner: Owner, interpret: Interpret) -> None:
        self._file = folder / "engine.db"
        self._queue = "workspace-" + hashlib.sha256(workspace.encode()).hexdigest()[:24]
        self._owner = owner
        self._interpret = interpret
        self._dbos: Any = None
        self._instance: Any = None
        self._workflow: Any = None
        self._opening = asyncio.Lock()
        self._tasks: dict[str, asyncio.Task[Any]] = {}

    async def start(self, run_id: str, specification: Mapping[str, object]) -> None:
        """Begin the run. The same id twice is one run."""
        await self._open()
        from dbos import SetWorkflowID

        with SetWorkflowID(run_id):
            await self._dbos.start_workflow_async(self._workflow, run_id, dict(specification))

    async def holder(self, run_id: str) -> str | None:
        """The executor that works on the run; empty if it waits in the queue.

        `None` if the engine never heard of the run, or if it has ended.
        """
        await self._open()
        status = await self._dbos.get_workflow_status_async(run_id)
        if status is None or status.status not in _UNDER_WAY:
            return None
        return "" if status.status == "ENQUEUED" else str(status.executor_id)

    async def is_outdated(self, run_id: str) -> bool:
        """Whether another version of Steward began the run, whose steps came in another order."""
        await self._open()
        status = await self._dbos.get_workflow_status_async(run_id)
        return status is not None and status.app_version != _INTERPRETER

    async def adopt(self, run_id: str, dead: str) -> None:
        """Put a run of a dead executor back into its workspace's queue.

        Fenced by the executor's name: if another process was quicker, nothing happens.
        """
        await self._open()
        # There is no public call that does this. The pinned version and the kill tests stand
        # guard over this one.
        await asyncio.to_thread(
            self._instance._sys_db.reenqueue_for_recovery,  # noqa: SLF001
            run_id,
            [dead],
            self._queue,
        )

    async def cancel(self, run_id: str) -> None:
        """End the run where it is; a step under way is cancelled, and waited for a while."""
        await self._open()
        await self._dbos.cancel_workflow_async(run_id)
        if task := self._tasks.get(run_id):
            task.cancel()
            await asyncio.wait((task,), timeout=_CANCEL_WITHIN_S)

    async def resume(self, run_id: str, specification: Mapping[str, object] | None) -> None:
        """Let a run go on that has ended: what it finished is kept, what ended it is done again.

        One that the engine never heard of is begun, where a specification is given.

        Raises:
            UnavailableError: the engine knows nothing of it and none is given; or another version
                of Steward began it.
        """
        await self._open()
        if (task := self._tasks.get(run_id)) is not None:
            await asyncio.wait((task,), timeout=_CANCEL_WITHIN_S)
        status = await self._dbos.get_workflow_status_async(run_id)
        if status is None:
            if specification is None:
                raise UnavailableError(
                    f"The journal {str(self._file)!r} holds nothing of the run {run_id!r}. Resume"
                    " it on the machine where it ran, or start a new one."
                )
            await self.start(run_id, specification)
            return
        if status.app_version != _INTERPRETER:
            raise UnavailableError(OUTDATED)
        if status.status in _UNDER_WAY:
            # Whoever had it died, and its row was ended without the engine.
            await self._dbos.cancel_workflow_async(run_id)
        steps = await self._dbos.list_workflow_steps_async(run_id)
        await self._dbos.rewind_workflow_async(
            run_id,
            start_step=_first_to_repeat([(each["function_name"], each["output"]) for each in steps])
            + 1,
            application_version=_INTERPRETER,
            queue_name=self._queue,
        )

    async def outcomes(self, run_id: str) -> dict[str, JsonObject]:
        """What each finished step of the run left behind: name → value, or the error's message."""
        await self._open()
        steps = await self._dbos.list_workflow_steps_async(run_id)
        found: dict[str, JsonObject] = {}
        for each in steps:
            if each["output"] is not None:
                envelope: Any = json.loads(each["output"])
                said = {"text": envelope.get("message", "")}
                found[each["function_name"]] = envelope["value"] if envelope["ok"] else said
        return found

    async def settled(self, run_id: str) -> None:
        """Return when the run's last step is written down, or after a while."""
        if (task := self._tasks.get(run_id)) is not None:
            await asyncio.wait((task,), timeout=_CANCEL_WITHIN_S)

    async def forget(self, run_ids: Sequence[str]) -> None:
        """Remove what the journal holds of runs that have ended; of others nothing."""
        await self._open()
        known = await self._dbos.list_workflows_async(
            workflow_ids=list(run_ids), load_input=False, load_output=False
        )
        over = [each.workflow_id for each in known if each.status not in _UNDER_WAY]
        if over:
            await self._dbos.delete_workflows_async(over)

    async def close(self) -> None:
        """Stop working. Runs under way stay pending and go on in the next process."""
        if self._dbos is None:
            return
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=5)
        await asyncio.to_thread(self._dbos.destroy, destroy_registry=True)
        self._dbos = None
        # The engine had made its own threads the loop's default ones; they have just ended.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())

    async def _open(self) -> None:
        async with self._opening:
            if self._dbos is None:
                await asyncio.to_thread(self._owner.claim)
                try:
                    self._dbos = await asyncio.to_thread(self._launch)
                except Exception as error:  # Whatever a broken file makes the engine raise.
                    raise UnavailableError(
                        f"The journal of runs, {str(self._file)!r}, cannot be opened"
                        f" ({type(error).__name__}). Check that it can be read and written and"
                        " that its disk has room; move it away to begin a new one."
                    ) from error
                # Workflows that come from the queue then run on our loop, beside everything else.
                self._instance._background_event_loop.set_main_loop()  # noqa: SLF001

    def _launch(self) -> Any:
        from dbos import DBOS, DBOSPortableJSONSerializer
        from sqlalchemy import create_engine, event

        _listen_to_engine()
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        sqlite3.connect(self._file).execute("PRAGMA journal_mode=WAL").connection.close()
        self._file.chmod(0o600)
        url = f"sqlite:///{self._file}"
        engine = create_engine(url, connect_args={"timeout": 30})
        event.listen(engine, "connect", _relax)
        self._instance = DBOS(
            config={
                "name": "steward",
                "system_database_url": url,
                "system_database_engine": engine,
                "application_version": _INTERPRETER,
                "executor_id": self._owner.name,
                "serializer": DBOSPortableJSONSerializer(),  # The default, pickle, would run code.
                "notification_listener_polling_interval_sec": _MESSAGE_POLL_S,
                "enable_otlp": False,
                "log_level": "ERROR",
            }
        )

        async def run(run_id: str, specification: dict[str, object]) -> JsonObject:
            return await self._run(run_id, specification)

        self._workflow = DBOS.workflow(name="run")(run)
        DBOS.listen_queues([self._queue])
        DBOS.launch()
        DBOS.register_queue(self._queue, polling_interval_sec=_QUEUE_POLL_S)
        return DBOS

    async def _run(self, run_id: str, specification: dict[str, object]) -> JsonObject:
        task = asyncio.current_task()
        assert task is not None
        self._tasks[run_id] = task
        try:
            return await self._interpret(run_id, specification, _DbosJournal(self._dbos))
        finally:
            del self._tasks[run_id]


def _first_to_repeat(steps: Sequence[tuple[str, str | None]]) -> int:
    """How many finished steps a run keeps that goes on after its end: name and envelope of each.

    Its end is taken back, and with it the step that led there: an error, a limit, a question that
    nobody answered. A run that was cancelled in a step has no end, and keeps all it finished.
    """
    if not steps or steps[-1][0] != "end":
        return len(steps)
    before = len(steps) - 1
    if before == 0:
        return 0
    name, envelope = steps[before - 1]
    # One that a bug ended has left no envelope.
    # The steps of a called agent bear the name of the call before their own.
    is_done = (
        name.rpartition("/")[2].startswith(_NOT_AGAIN)
        and envelope is not None
        and json.loads(envelope)["ok"]
    )
    return before if is_done else before - 1


def _listen_to_engine() -> None:
    """Take the engine's records into our log; with a handler in place it adds none of its own."""
    engine = logging.getLogger("dbos")
    engine.addHandler(_NO_HANDLER)
    engine.addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    """A run that was cancelled is no error, and its row says so already."""
    kind = record.exc_info[0] if record.exc_info else None
    return kind is None or "Cancelled" not in kind.__name__


_NO_HANDLER = logging.NullHandler()


def _relax(connection: Any, _record: Any) -> None:
    """WAL with NORMAL survives a killed process, and steps cost half as much."""
    connection.execute("PRAGMA synchronous=NORMAL")
