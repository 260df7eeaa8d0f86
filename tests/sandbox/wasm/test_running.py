"""Extensions do what they are for, in a worker of their own."""

import json
from collections.abc import Sequence

import pytest

from steward.core.errors import ExtensionRaisedError, NotFoundError
from steward.sandbox.wasm.worker import Answer
from tests.extension_worker import children_of_this_process, evaluating, python, running

_SAVE = """
    import steward
    from rules import WORD

    @steward.hook("onFileSave")
    def find(event):
        return [
            steward.diagnostic(number, 0, len(line), steward.resource("text.txt"))
            for number, line in enumerate(event["text"].split("\\n"))
            if WORD in line
        ]

    @steward.context_stage("shorter")
    def shorter(request):
        return {"keep": [piece["id"] for piece in request["pieces"][:1]]}

    @steward.tool("add")
    def add(arguments):
        return arguments["a"] + arguments["b"]

    @steward.engine_hook("before-tool")
    def before(moment):
        return "not on Sundays" if moment["name"] == "commit" else None

    @steward.on("editDecided")
    def decided(event):
        print(event["state"])
"""


async def test_an_extension_registers_and_is_told_of_what_it_registered_for() -> None:
    async with running() as workers:
        guest = python(_SAVE, rules__py="WORD = 'TODO'", text__txt="left to do")
        registered = await workers.load(guest)
        assert registered == {
            "commands": [],
            "hooks": ["onFileSave"],
            "context_stages": ["shorter"],
            "tools": ["add"],
            "engine_hooks": ["before-tool"],
        }

        async def tell(topic: str, event: object) -> object:
            return json.loads(await workers.workers.handle("test.python", topic, json.dumps(event)))

        saved = await tell("onFileSave", {"text": "a\nTODO b", "path": "a.py"})
        assert saved == {
            "diagnostics": [
                {
                    "path": None,
                    "range": {
                        "start": {"line": 1, "character": 0},
                        "end": {"line": 1, "character": 6},
                    },
                    "message": "left to do",
                    "severity": "warning",
                    "code": "",
                }
            ]
        }
        pieces = [{"id": "1"}, {"id": "2"}]
        assert await tell("context:shorter", {"pieces": pieces}) == {"keep": ["1"]}
        assert await tell("tool:add", {"arguments": {"a": 1, "b": 2}}) == {"result": 3}
        assert await tell("engine:before-tool", {"name": "commit"}) == {"veto": "not on Sundays"}
        assert await tell("engine:before-tool", {"name": "read"}) == {"veto": None}
        assert await tell("editDecided", {"state": "applied"}) == {}
        assert workers.calls.named("log") == [("info", "applied")]


async def test_what_an_extension_asks_is_answered_and_a_refusal_is_an_exception() -> None:
    async with running() as workers:
        await workers.load(evaluating())

        async def read(words: Sequence[str | None]) -> Answer:
            return "ok", f"text of {words[0]}"

        workers.calls.replies |= {
            "read-file": read,
            "git-read": ("denied", "git.read was not granted"),
            "storage-get": ("ok", None),
            "ask-model": ("ok", '{"text": "hi", "model": "m", "cost_nano_usd": 3}'),
        }
        assert await workers.run("steward.read_file('a.py')") == "'text of a.py'"
        assert await workers.run("steward.storage_get('k')") == "None"
        assert await workers.run("steward.ask_model('q').cost_nano_usd") == "3"
        with pytest.raises(ExtensionRaisedError, match=r"steward.Denied: git.read was not granted"):
            await workers.run("steward.git('status')")
        assert [name for _, name, _ in workers.calls.calls][:2] == ["read-file", "storage-get"]


async def test_whose_call_it_is_the_sandbox_says_and_no_extension() -> None:
    async with running() as workers:
        for name in ("test.one", "test.two"):
            await workers.load(evaluating(name))
        await workers.run("steward.emit('mine', {'extension': 'test.one'})", "test.two")
        assert [call[:2] for call in workers.calls.calls] == [("test.two", "emit")]


async def test_an_error_names_the_authors_file_and_line_and_nothing_of_ours() -> None:
    async with running() as workers:
        await workers.load(
            python(
                """
                import steward, inner

                @steward.command("run")
                def run(request):
                    return inner.divide(1, 0)
                """,
                inner__py="def divide(a, b):\n    return a / b\n",
            )
        )
        with pytest.raises(ExtensionRaisedError) as told:
            await workers.run("")
        account = str(told.value)
        assert 'File "main.py", line 6, in run' in account
        assert 'File "inner.py", line 2, in divide\n    return a / b' in account
        assert account.endswith("ZeroDivisionError: division by zero")
        assert "app.py" not in account


async def test_a_package_that_cannot_be_loaded_says_why_and_does_not_run() -> None:
    async with running() as workers:
        with pytest.raises(ExtensionRaisedError, match=r'File "main.py", line 2'):
            await workers.load(python("import steward\nthis is no Python"))
        with pytest.raises(NotFoundError, match="Enable it first"):
            await workers.run("1")


async def test_what_an_extension_keeps_in_memory_stays_until_it_is_loaded_again() -> None:
    async with running() as workers:
        await workers.load(evaluating())
        await workers.run("kept.setdefault('a', 1)")
        assert await workers.run("kept") == "{'a': 1}"
        await workers.load(evaluating())
        assert await workers.run("kept") == "{}"


async def test_an_extension_sees_a_clock_and_chance_and_no_file_environment_or_network() -> None:
    async with running() as workers:
        await workers.load(evaluating())
        seen = await workers.run("[dict(__import__('os').environ), __import__('sys').argv]")
        assert seen == "[{}, ['']]" or seen == "[{}, []]"
        assert float(await workers.run("__import__('time').time()")) > 1_700_000_000
        numbers = await workers.run("[__import__('random').random() for _ in range(3)]")
        await workers.load(evaluating())
        assert numbers != await workers.run("[__import__('random').random() for _ in range(3)]")
        for code in ("__import__('os').listdir('/')", "__import__('os').open('/etc/passwd', 0)"):
            with pytest.raises(ExtensionRaisedError, match="Error"):
                await workers.run(code)


async def test_no_process_is_started_before_an_extension_is_loaded() -> None:
    before = children_of_this_process()
    async with running() as workers:
        assert workers.workers.standing().workers == ()
        assert children_of_this_process() == before
        await workers.load(evaluating("test.ours"), is_shipped=True)
        await workers.load(evaluating("test.theirs"))
        found = workers.workers.standing().workers
        assert [(each.is_shipped, each.extensions) for each in found] == [
            (True, ("test.ours",)),
            (False, ("test.theirs",)),
        ]
        assert found[0].process_id != found[1].process_id
    assert children_of_this_process() == before


async def test_host_calls_of_a_failing_kind_reach_the_extension_as_that_kind() -> None:
    kinds: dict[str, Answer] = {
        "NotFound": ("not-found", "x"),
        "Invalid": ("invalid", "x"),
        "Limit": ("limit", "x"),
        "Unavailable": ("unavailable", "x"),
    }
    async with running() as workers:
        await workers.load(evaluating())
        for name, answer in kinds.items():
            workers.calls.replies["config-get"] = answer
            with pytest.raises(ExtensionRaisedError, match=f"steward.{name}: x"):
                await workers.run("steward.config('k')")
