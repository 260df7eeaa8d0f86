"""How quick Steward's views are in VS Code: a review of a hundred files, and the chat."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import BrowserContext, Frame, expect

from demo.replies import Reply, in_order
from demo.scripted_model import ScriptedModel
from tests.editors.desk import Desk, Place, open_desk
from tests.editors.presence import Parts
from tests.editors.stories import PLAN, ask_for_the_fix, changing
from tests.editors.trusting import trust
from tests.editors.vscode import Window
from tests.editors.vscode_chat import Chat
from tests.environment import git, steward_environment

FILES = 100
_LINES = 60
_SAID = """\
## What it does, part {0}

It reads `value_{0}` and **adds** it to what came before, as [the notes](https://example.org) say.

- first it looks
- then it counts

```python
def part_{0}(value: int) -> int:
    return value + {0}
```

"""
CHAT_BYTES = 200_000
_PIECE_CHARS = 60

_OPENED = """() => {
  window.benchmark = { pressed: 0, painted: null };
  const seen = window.benchmark;
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter") { seen.pressed = performance.now(); seen.painted = null; }
  }, true);
  new MutationObserver(() => {
    const shown = document.querySelector(".multiDiffEditor .modified .view-line span span");
    if (seen.pressed > 0 && seen.painted === null && shown) {
      seen.painted = 0;
      requestAnimationFrame(() => setTimeout(() => { seen.painted = performance.now(); }));
    }
  }).observe(document.body, { subtree: true, childList: true });
}"""

_TASKS = """() => {
  window.benchmark = { longest: 0, frames: 0, began: performance.now() };
  const seen = window.benchmark;
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) { seen.longest = Math.max(seen.longest, task.duration); }
  }).observe({ type: "longtask" });
  const count = () => { seen.frames += 1; requestAnimationFrame(count); };
  requestAnimationFrame(count);
}"""


@asynccontextmanager
async def ready(
    parts: Parts, browser: BrowserContext, folder: Path
) -> AsyncGenerator[tuple[Desk, ScriptedModel, dict[str, str]]]:
    """A VS Code with Steward, its model, and what its server is started with."""
    folder.mkdir()
    async with ScriptedModel() as model:
        own = {"HOME": str(folder), "STEWARD_CONFIG_DIR": str(folder / "config")}
        environment = steward_environment(folder / "data", model.url, own)
        place = Place(folder, parts.extensions)
        async with open_desk(parts, place, browser, None) as desk:
            yield desk, model, environment


async def opened_ms(desk: Desk, model: ScriptedModel, environment: dict[str, str]) -> float:
    """Milliseconds from the key that opens a review of a hundred files until it is painted."""
    changes = [_written(desk.workspace / f"part_{number}.py") for number in range(FILES)]
    git(desk.workspace, "add", ".")
    git(desk.workspace, "commit", "--quiet", "--message=Add parts")
    model.script = changing(*changes)
    window = await desk.clear(environment, is_trusted=False)
    await trust(Path(environment["STEWARD_DATA_DIR"]), desk.workspace)
    await ask_for_the_fix(window)
    await window.press_button("Approve plan", question=PLAN)
    await window.button("Apply").wait_for()
    await window.close_tab("Proposal")
    await window.page.evaluate(_OPENED)
    await window.run_command("Steward: Show Open Questions")
    await window.page.wait_for_function("() => benchmark.painted > 0")
    return float(await window.page.evaluate("() => benchmark.painted - benchmark.pressed"))


def _written(file: Path) -> dict[str, str]:
    """A file of which one line is to change."""
    lines = [f"value_{number} = {number}\n" for number in range(_LINES)]
    file.write_text("".join(lines), "utf-8")
    return {
        "do": "edit",
        "path": file.name,
        "old_text": "value_30 = 30",
        "new_text": "value_30 = 0",
    }


async def streamed(
    desk: Desk, model: ScriptedModel, environment: dict[str, str]
) -> tuple[float, float]:
    """The longest task of the chat's page in ms while a long answer came, and frames a second."""
    said = "".join(_SAID.format(number) for number in range(CHAT_BYTES // len(_SAID)))
    pieces = tuple(said[at : at + _PIECE_CHARS] for at in range(0, len(said), _PIECE_CHARS))
    model.script = in_order(Reply(pieces=pieces, piece_delay_s=0.005))
    window = await desk.clear(environment, is_trusted=False)
    await window.open_file("shop/basket.py")
    chat = await Chat.open(window)
    frame = await _frame_of(window)
    await frame.evaluate(_TASKS)
    await chat.ask("What does each part do?")
    await expect(chat.stop).to_be_visible()
    await expect(chat.stop).to_have_count(0, timeout=120_000)
    seen = await frame.evaluate("() => ({ ...benchmark, now: performance.now() })")
    return float(seen["longest"]), 1000 * seen["frames"] / (seen["now"] - seen["began"])


async def _frame_of(window: Window) -> Frame:
    """The frame in which the chat's own script runs."""
    for frame in window.page.frames:
        if await frame.locator("main#root").count():
            return frame
    raise RuntimeError("The chat is not on the page.")
