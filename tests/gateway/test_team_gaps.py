"""A gap behind a team's server: its parts travel, and the server chooses the form."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from demo.replies import Reply, Stall, Usage, always, say
from steward.context.prompts import gap_messages
from steward.core.errors import ProviderRefusedError
from steward.gateway.request import Fill, ModelRequest, OtherFile
from steward.gateway.team.settings import ANY_MODEL, TEAM
from tests.gateway.desk import gateway_settings
from tests.gateway.test_team import Member, open_member
from tests.ledger.bank import ANN
from tests.web.serving import COMPLETIONS, Serving, open_serving
from tests.web.versatile_model import VersatileModel

FILES = (OtherFile("lib/b.py", "B = 1\n"), OtherFile("c.py", "C = 2\n"))
FILL = Fill("x = ", "\ny = 2\n", "a.py", "shop", FILES, ("#", ""))
GHOST = ModelRequest("ghost-1", "completion", gap_messages(FILL), 20, fill=FILL)


@asynccontextmanager
async def joined(folder: Path, **models: Any) -> AsyncGenerator[tuple[Member, Serving]]:
    """A member and a server whose `gaps` closes gaps, and whose `large` does not."""
    tasks = {"completion": "gaps", "plan": "large", "agent": "large", "chat": "large", **models}
    async with VersatileModel() as model:
        prices = {name: {"input": "0.15", "output": "0.60"} for name in ("gaps", "large")}
        known = {"custom/gaps": {"fill": "qwen"}}
        settings = gateway_settings(model.url, models=tasks, prices=prices, models_known=known)
        async with (
            open_serving(folder, model, settings=settings) as serving,
            open_member(
                folder / "member", f"http://127.0.0.1:{serving.port}", serving.token
            ) as member,
        ):
            yield member, serving


async def test_the_server_writes_the_parts_as_its_model_reads_them(tmp_path: Path) -> None:
    async with joined(tmp_path) as (member, serving):
        serving.model.script = always(Reply(pieces=("1",), usage=Usage(1000, 500)))
        assert await member.ask(GHOST) == "1"
        (exchange,) = serving.model.exchanges
        assert exchange.path == COMPLETIONS
        assert exchange.body["prompt"] == (
            "<|repo_name|>shop\n<|file_sep|>lib/b.py\nB = 1\n\n<|file_sep|>c.py\nC = 2\n\n"
            "<|file_sep|>a.py\n<|fim_prefix|>x = <|fim_suffix|>\ny = 2\n<|fim_middle|>"
        )
        (mine,) = await member.ledger.calls(ANN)
        assert mine.cost_nano_usd == (await serving.desk.paid()).cost_nano_usd > 0
        known = member.gateway.model_for(ANN, "completion")
        assert (known.provider, known.name) == (TEAM, ANY_MODEL)
        assert known.fill is not None


async def test_a_server_whose_model_closes_no_gaps_makes_a_conversation_of_the_parts(
    tmp_path: Path,
) -> None:
    # Another task's model does close gaps, so the server says that it may.
    async with joined(tmp_path, completion="large", chat="gaps") as (member, serving):
        serving.model.script = always(say("1"))
        for number, fill in enumerate((FILL, replace(FILL, prefix="", files=(), comment=None))):
            asked = replace(GHOST, request_id=f"g{number}", fill=fill, messages=gap_messages(fill))
            assert await member.ask(asked) == "1"
            body = serving.model.exchanges[number].body
            said = [(each["role"], each["content"]) for each in body["messages"]]
            assert said == [(each.role, each.content) for each in gap_messages(fill)]
        bare = ModelRequest("bare", "completion", (), 20, fill=Fill("x", "y"))
        refused = await member.fails(bare)
        assert isinstance(refused, ProviderRefusedError)
        assert "not known to fill gaps" in str(refused)


async def test_a_server_that_closes_no_gaps_at_all_is_asked_in_a_conversation(
    tmp_path: Path,
) -> None:
    async with joined(tmp_path, completion="large") as (member, serving):
        serving.model.script = always(say("1"))
        assert await member.ask(GHOST) == "1"
        (exchange,) = serving.model.exchanges
        assert exchange.path == "/v1/chat/completions"
        assert len(exchange.messages) == 3
        assert member.gateway.model_for(ANN, "completion").fill is None


async def test_who_hangs_up_on_the_server_hangs_up_on_the_model_behind_it(
    tmp_path: Path,
) -> None:
    for model in ("gaps", "large"):
        async with joined(tmp_path / model, completion=model) as (member, serving):
            serving.model.script = always(Reply(pieces=("1", "2"), fault=Stall(after_pieces=1)))
            async with member.gateway.call(ANN, GHOST) as answer:
                assert await anext(answer) == "1"
            await serving.model.exchanges[0].closed_early()


WRONG: list[dict[str, Any]] = [
    {"steward": []},
    {"steward": {"files": [{"text": "x"}]}},
    {"steward": {"files": [1]}},
    {"steward": {"files": [{"path": "a", "text": 1}]}},
    {"steward": {"files": [{"path": "a"}] * 257}},
    {"steward": {"comment": ["#"]}},
    {"steward": {"comment": ["#" * 17, ""]}},
    {"steward": {"comment": [1, 2]}},
    {"steward": {"path": 1}},
]


async def test_parts_that_are_not_well_formed_are_refused(tmp_path: Path) -> None:
    async with joined(tmp_path) as (_, serving):
        for wrong in WRONG:
            gap = {"model": "steward", "prompt": "x = ", "suffix": "", **wrong}
            answer = await serving.post(gap, COMPLETIONS)
            assert answer.status_code in (400, 413), wrong
        assert serving.model.exchanges == []
