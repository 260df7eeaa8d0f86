"""Ghost text from a model on one's own machine, set up as the page on it says."""

import asyncio
import re
import tomllib
from pathlib import Path
from typing import Any

from demo.scripted_model import ScriptedModel
from steward.completion.settings import CompletionSettings
from steward.completion.suggest import Suggester
from steward.context.cursor import Cursor
from steward.gateway.settings import GatewaySettings
from tests.gateway.desk import open_desk
from tests.ledger.bank import ANN
from tests.rooms import numbered

PAGE = Path(__file__).parents[2] / "docs/how-to/local-models.md"
CURSOR = Cursor("shop/basket.py", "class Basket:\n    def clear(self) -> None:\n        ", "")


def said(number: int, provider: str, url: str) -> GatewaySettings:
    """The settings of the page's example, with the server's address in place of its own."""
    block = re.findall(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)[number]
    content: dict[str, Any] = tomllib.loads(block)["gateway"]
    content["providers"][provider]["url"] = url
    return GatewaySettings.model_validate(content)


async def suggested(tmp_path: Path, model: ScriptedModel, settings: GatewaySettings) -> str:
    async with open_desk(tmp_path, model, settings) as desk:
        chosen = CompletionSettings(speculative=False)
        suggester = Suggester(
            desk.gateway, None, desk.clock, asyncio.sleep, numbered("call"), chosen
        )
        async with suggester.running():
            offer = await suggester.suggest(ANN, CURSOR, is_automatic=False)
        (call,) = await desk.ledger.calls(ANN)
        assert call.cost_nano_usd == 0
    assert offer is not None
    return offer.suggestion.text


async def test_ollama_gets_a_prefix_and_a_suffix_and_writes_the_marks_itself(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    settings = said(0, "ollama", scripted_model.url)
    assert await suggested(tmp_path, scripted_model, settings) == "self.lines.clear()"
    (exchange,) = scripted_model.exchanges
    assert exchange.path == "/v1/completions"
    assert exchange.body["prompt"] == CURSOR.before
    assert exchange.body["suffix"] == "\n"
    assert exchange.body["model"] == "qwen2.5-coder:7b"
    assert exchange.body["stop"][:2] == ["\n\n\n", "<|fim_prefix|>"]


async def test_a_server_that_takes_prompts_gets_one_with_the_familys_marks(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    settings = said(2, "box", scripted_model.url)
    assert await suggested(tmp_path, scripted_model, settings) == "self.lines.clear()"
    (exchange,) = scripted_model.exchanges
    assert exchange.path == "/v1/completions"
    wanted = f"<|fim_prefix|>{CURSOR.before}<|fim_suffix|><|fim_middle|>"
    assert exchange.body["prompt"] == wanted
    assert "suffix" not in exchange.body
