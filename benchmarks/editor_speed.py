"""How quick Steward is where people see it: in VS Code, in a real browser, with a model at once.

The floor is an extension of twenty lines that answers by itself: what VS Code takes to ask, to
draw and to paint. Both take their turn in the same browser on the same machine.
"""

import shutil
import statistics
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.async_api import BrowserContext, expect

from benchmarks.editor_views import opened_ms, ready, streamed
from demo.replies import always, say
from tests.editors.desk import Place, open_browser, open_desk
from tests.editors.presence import Parts, find_parts
from tests.editors.vscode import Window

_FLOOR = Path(__file__).parent / "floor_extension"
_KEYS = 40
_WARM = 5
"""Keys that are pressed before any counts."""

_WATCH = """() => {
  const seen = { pressed: 0, painted: null };
  window.benchmark = seen;
  document.addEventListener("keydown", () => { seen.pressed = performance.now(); }, true);
  new MutationObserver(() => {
    if (seen.painted === null && document.querySelector("[class*=ghost-text]")) {
      seen.painted = 0;
      // The frame that paints it is over when the task behind its callback begins.
      requestAnimationFrame(() => setTimeout(() => { seen.painted = performance.now(); }));
    }
  }).observe(document.body, { subtree: true, childList: true, attributes: true });
}"""


@dataclass(slots=True)
class EditorSpeed:
    """What was seen in VS Code."""

    painted_ms: list[float] = field(default_factory=list[float])
    """From a key to the ghost text on the screen, without the model's time; for each key."""
    floor_painted_ms: list[float] = field(default_factory=list[float])
    activation_ms: float = 0.0
    """What VS Code itself says that activation took."""
    memory_mb: float = 0.0
    """Of the extension host, ready and used."""
    floor_memory_mb: float = 0.0
    review_ms: float = 0.0
    """From the key that opens a review of a hundred files until its first diff is painted."""
    chat_longest_ms: float = 0.0
    """The longest task of the chat's page while a long answer streamed into it."""
    chat_frames: float = 0.0
    """Frames a second meanwhile."""


async def editor_speed() -> EditorSpeed | str:
    """Measure; or say why it cannot be measured here."""
    parts = find_parts()
    if isinstance(parts, str):
        return parts
    seen = EditorSpeed()
    with TemporaryDirectory() as folder:
        root = Path(folder)
        async with open_browser(parts, root / "browser") as browser:
            await _floor(parts, browser, root / "floor", seen)
            await _steward(parts, browser, root / "steward", seen)
            async with ready(parts, browser, root / "review") as place:
                seen.review_ms = await opened_ms(*place)
            async with ready(parts, browser, root / "chat") as place:
                seen.chat_longest_ms, seen.chat_frames = await streamed(*place)
    return seen


async def _floor(parts: Parts, browser: BrowserContext, folder: Path, seen: EditorSpeed) -> None:
    extensions = folder / "extensions"
    shutil.copytree(_FLOOR, extensions / "steward-benchmarks.floor-0.0.1")
    place = Place(folder, extensions, restart="Floor: Restart")
    async with open_desk(parts, place, browser, None) as desk:
        window = await desk.clear(None, is_trusted=False)
        await expect(window.page.get_by_text("floor", exact=True).first).to_be_visible()
        seen.floor_painted_ms = await _painted(window)
        seen.floor_memory_mb = _extension_host_mb(folder)


async def _steward(parts: Parts, browser: BrowserContext, folder: Path, seen: EditorSpeed) -> None:
    async with ready(parts, browser, folder) as (desk, model, environment):
        model.script = always(say("return self.total_pence()"))
        window = await desk.clear(environment, is_trusted=False)
        painted = await _painted(window)
        # Whatever is asked ahead, of a suggestion that stays, comes behind the one that is shown.
        models = statistics.median(each.ended_s - each.received_s for each in model.exchanges)
        seen.painted_ms = [each - models * 1000 for each in painted]
        seen.memory_mb = _extension_host_mb(folder)
        seen.activation_ms = await _activation_ms(window)


async def _painted(window: Window) -> list[float]:
    """Milliseconds from a key that begins a line until its ghost text is painted."""
    await window.open_file("shop/basket.py")
    await window.watch_keys()
    await window.type_at_the_end("\n    def item_count(self) -> int:")
    await window.page.evaluate(_WATCH)
    found: list[float] = []
    for number in range(_WARM + _KEYS):
        await window.page.keyboard.press("Escape")
        # Each line is another one, so that no answer is known already.
        await window.page.keyboard.insert_text(f"value_{number} = {number}")
        await expect(window.ghost_text).to_have_count(0)
        await window.page.evaluate("() => { benchmark.painted = null; }")
        await window.page.keyboard.press("Enter")
        await window.page.wait_for_function("() => benchmark.painted > 0")
        found.append(await window.page.evaluate("() => benchmark.painted - benchmark.pressed"))
    return found[_WARM:]


async def _activation_ms(window: Window) -> float:
    """What VS Code says of it on its own page of running extensions."""
    await window.run_command("Developer: Show Running Extensions")
    row = window.page.locator(".runtime-extensions-editor .extension", has_text="Steward")
    text = await row.locator(".activation-time").inner_text()
    return float("".join(each for each in text if each.isdigit()))


def _extension_host_mb(folder: Path) -> float:
    """The resident set of the extension host of the VS Code that lives in this folder."""
    home = f"HOME={folder / 'home'}".encode()
    for process in Path("/proc").iterdir():
        try:
            is_host = b"--type=extensionHost" in (process / "cmdline").read_bytes()
            if is_host and home in (process / "environ").read_bytes().split(b"\0"):
                pages = int((process / "statm").read_text("ascii").split()[1])
                return pages * 4096 / 2**20
        except (OSError, IndexError):
            continue
    raise RuntimeError("VS Code has no extension host; see its log.")
