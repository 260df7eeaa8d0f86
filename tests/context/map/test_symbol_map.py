"""The map knows the repository as it is now, and nothing that is kept from models."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path

import pytest

from steward.core.limits import MAP_FILE_BYTES_MAX
from steward.syntax import symbols
from steward.syntax.language import Language
from steward.workspace.ignore import IgnoreOracle
from tests.context.map.desk import Desk, open_desk

BASKET = '''
class Basket:
    """What somebody wants to buy."""

    def add_item(self, name: str, amount: int) -> None:
        """Put something in."""
        self.things.append((name, amount))
        self.count += amount
        self.changed = True

    def total_price(self) -> float:
        return sum(price for _, price in self.things)


def open_basket(owner: str) -> Basket:
    """A basket with nothing in it."""
    basket = Basket()
    basket.owner = owner
    basket.things = []
    return basket
'''
USES = "from shop.basket import open_basket\n\nbasket = |\n"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncGenerator[Desk]:
    async with open_desk(tmp_path) as desk:
        desk.write("shop/__init__.py", "")
        desk.write("shop/basket.py", BASKET)
        desk.write("main.py", USES.replace("|", ""))
        yield desk


async def test_what_is_imported_is_shown_with_its_signature_and_explanation(desk: Desk) -> None:
    await desk.mapped(USES)
    shown = await desk.shown(USES)
    assert "def open_basket(owner: str) -> Basket" in shown
    assert "A basket with nothing in it." in shown
    assert "things = []" not in shown  # No long body.


async def test_a_short_definition_is_shown_whole(desk: Desk) -> None:
    desk.write("shop/rates.py", "def vat(net: float) -> float:\n    return net * 0.19\n")
    await desk.mapped()
    assert "return net * 0.19" in await desk.shown("from shop.rates import vat\n|\n")


@pytest.mark.parametrize(
    "text",
    [
        "def pay(basket: Basket) -> None:\n    basket.|\n",
        "basket = Basket()\nbasket.|\n",
        "def pay(basket: 'Basket | None') -> None:\n    print(1)\n    basket.|".replace(
            "'Basket | None'", "Optional[Basket]"
        ),
    ],
)
async def test_the_members_of_an_instance_come_first(desk: Desk, text: str) -> None:
    await desk.mapped()
    before, after = text.split("|")
    shown = await desk.shown(f"{before}|{after}", path="other.py")
    assert shown.index("add_item(self, name: str, amount: int)") < shown.index("total_price")
    assert shown.startswith("shop/basket.py")


async def test_a_name_near_the_cursor_is_shown_without_an_import(desk: Desk) -> None:
    await desk.mapped()
    shown = await desk.shown("# open_basket gives us one\nbasket = |\n", path="other.py")
    assert "def open_basket(owner: str)" in shown


async def test_what_the_files_beside_it_use_is_on_the_map(desk: Desk) -> None:
    desk.write("far/away/errors.py", "class ShopClosedError(Exception):\n    pass\n")
    for name in ("one", "two", "three"):
        desk.write(
            f"orders/{name}.py", "from far.away.errors import ShopClosedError\nShopClosedError\n"
        )
    await desk.mapped(path="orders/four.py")
    assert "ShopClosedError" in await desk.shown("def order():\n    |\n", path="orders/four.py")


async def test_an_unsaved_text_counts_and_not_the_disk(desk: Desk) -> None:
    desk.editor.documents[desk.root / "shop/basket.py"] = "def open_basket(key: int): ...\n"
    await desk.mapped()
    shown = await desk.shown(USES)
    assert "key: int" in shown
    assert "owner: str" not in shown


async def test_a_document_is_read_again_when_the_typing_pauses(desk: Desk) -> None:
    await desk.mapped()
    desk.typed("shop/basket.py", "def open_basket(colour: str): ...\n")
    assert not desk.symbols.is_settled
    assert "colour" not in await desk.shown(USES)
    desk.clock.advance(timedelta(seconds=1))
    await desk.settled()
    assert "colour: str" in await desk.shown(USES)


async def test_a_closed_document_counts_as_the_disk_has_it(desk: Desk) -> None:
    place = desk.root / "shop/basket.py"
    desk.editor.documents[place] = "def open_basket(key: int): ...\n"
    await desk.mapped()
    del desk.editor.documents[place]
    desk.symbols.changed("shop/basket.py")
    await desk.settled()
    assert "owner: str" in await desk.shown(USES)


async def test_changes_on_the_disk_are_seen(desk: Desk) -> None:
    await desk.mapped()
    desk.write("shop/basket.py", "def open_basket(tenant: str, colour: str): ...\n")
    desk.write("shop/new/till.py", "def ring_up(amount: int): ...\n")
    await desk.renew()
    assert "tenant: str" in await desk.shown(USES)
    assert "amount: int" in await desk.shown("from shop.new.till import ring_up\n|")
    (desk.root / "shop/new/till.py").unlink()
    await desk.renew()
    assert "amount: int" not in await desk.shown("from shop.new.till import ring_up\n|")


async def test_nothing_of_ignored_and_secret_files_is_mapped(desk: Desk) -> None:
    desk.write(".gitignore", "private/\n")
    desk.write("private/plan.py", "def secret_plan(step: int): ...\n")
    desk.write("credentials.py", "def secret_plan(key: int): ...\n")
    desk.write(".env.py", "def secret_plan(env: int): ...\n")
    desk.write(".stewardignore", "credentials.py\n.env.py\n")
    await desk.mapped()
    desk.symbols.changed("private/plan.py")
    await desk.settled()
    assert desk.symbols.files == 3
    shown = await desk.shown("from private.plan import secret_plan\nsecret_plan|")
    assert "secret_plan" not in shown


async def test_a_file_that_becomes_ignored_is_not_shown_and_forgotten(desk: Desk) -> None:
    await desk.mapped(USES)
    assert "owner" in await desk.shown(USES)
    files = desk.symbols.files
    desk.write(".stewardignore", "shop/\n")
    desk.clock.advance(timedelta(seconds=2))  # Longer than a verdict is remembered.
    assert "owner" not in await desk.shown(USES)
    assert desk.symbols.files == files - 1
    await desk.renew()
    assert desk.symbols.files == 1


async def test_an_open_document_that_is_ignored_is_not_mapped(desk: Desk) -> None:
    desk.write(".stewardignore", "shop/basket.py\n")
    desk.editor.documents[desk.root / "shop/basket.py"] = "def open_basket(key: int): ...\n"
    await desk.mapped(USES)
    assert desk.symbols.files == 2
    assert "key: int" not in await desk.shown(USES)


async def test_a_link_is_not_followed(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "plan.py"
    outside.write_text("def secret_plan(step: int): ...\n")
    (desk.root / "plan.py").symlink_to(outside)
    await desk.mapped()
    assert "step: int" not in await desk.shown("from plan import secret_plan\n|")


async def test_broken_code_gives_what_can_be_read(desk: Desk) -> None:
    desk.write("shop/basket.py", BASKET + "\n\ndef half(a, b:\n    return (((\nclass ]\n")
    await desk.mapped(USES)
    assert "def open_basket(owner: str)" in await desk.shown(USES)


async def test_a_big_file_and_what_is_no_text_are_left_out(desk: Desk) -> None:
    desk.write("shop/big.py", "def big_one(a): ...\n" + "# fill\n" * (MAP_FILE_BYTES_MAX // 7))
    (desk.root / "shop/bytes.py").write_bytes(b"def odd_one(a): ...\n\xff\xfe\x00")
    await desk.mapped()
    assert "big_one(a)" not in await desk.shown("from shop.big import big_one\n|")
    assert "odd_one(a)" not in await desk.shown("from shop.bytes import odd_one\n|")
    assert "owner: str" in await desk.shown(USES)


async def test_a_parser_that_fails_leaves_the_other_files(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = symbols.symbols_of

    def failing(language: Language, text: str) -> object:
        if "nobody reads me" in text:
            raise RecursionError
        return real(language, text)

    monkeypatch.setattr(symbols, "symbols_of", failing)
    desk.write("a_first/odd.py", "# nobody reads me\ndef odd_one(a): ...\n")
    await desk.mapped(path="a_first/main.py")
    assert desk.symbols.files == 3
    assert "odd_one(a)" not in await desk.shown("from a_first.odd import odd_one\n|")
    assert "owner: str" in await desk.shown(USES)


async def test_trouble_with_the_disk_ends_a_slice_and_not_the_map(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.mapped()
    desk.write("shop/basket.py", "def open_basket(colour: str): ...\n")
    asked = 0

    def failing(_self: IgnoreOracle, _path: object) -> None:
        nonlocal asked
        asked += 1
        raise OSError("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(IgnoreOracle, "why_not", failing)
        desk.symbols.changed("shop/basket.py")
        await desk.until(lambda: asked > 0 and desk.symbols.is_settled)
    desk.symbols.changed("shop/basket.py")
    await desk.settled()
    assert "colour: str" in await desk.shown(USES)


async def test_edits_while_it_is_mapped_are_not_lost(desk: Desk) -> None:
    for number in range(60):
        desk.write(f"shop/part_{number}.py", f"def part_{number}(a): ...\n")
    asking = asyncio.create_task(desk.shown(USES))
    for number in range(60):
        path = f"shop/part_{number}.py"
        desk.typed(path, f"def part_{number}(edited_{number}): ...\n")
        await asyncio.sleep(0)
    await asking
    await desk.until(lambda: desk.symbols.surveys > 0)
    for number in range(60):
        desk.typed(f"shop/part_{number}.py", f"def part_{number}(again_{number}): ...\n")
    desk.clock.advance(timedelta(seconds=1))
    await desk.settled()
    for number in (0, 30, 59):
        shown = await desk.shown(f"from shop.part_{number} import part_{number}\n|")
        assert f"again_{number}" in shown


async def test_nothing_is_read_before_ghost_text_is_wanted(desk: Desk) -> None:
    desk.typed("main.py", "x = 1\n")
    desk.symbols.changed("shop/basket.py")
    for _ in range(20):
        await asyncio.sleep(0)
    assert desk.symbols.surveys == 0
    assert desk.symbols.files == 0


async def test_the_end_does_not_wait_for_the_map(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        for number in range(300):
            desk.write(f"shop/part_{number}.py", f"def part_{number}(a): ...\n")
        await desk.shown(USES)
        await desk.until(lambda: desk.symbols.files > 0)
    assert desk.symbols.files < 300


async def test_a_module_offers_what_it_passes_on_from_others(desk: Desk) -> None:
    desk.write("shop/__init__.py", "from .basket import *\nfrom .rates import vat as tax\n")
    desk.write("shop/rates.py", "def vat(net: float) -> float:\n    return net * 0.19\n")
    await desk.mapped()
    assert "def open_basket(owner: str)" in await desk.shown("import shop\n\nshop.|\n")
    assert "def open_basket(owner: str)" in await desk.shown("from shop import open_basket\n|\n")


async def test_the_members_of_a_renamed_module_come_first(desk: Desk) -> None:
    desk.write("web/core/add.ts", "export function addItem(name: string): void {\n  go()\n}\n")
    desk.write("web/core/index.ts", "export * from './add.js'\n")
    desk.write("web/other.ts", "export function otherItem(name: string): void {\n  go()\n}\n")
    await desk.mapped()
    text = "import { otherItem } from './other'\nimport * as tools from './core'\n\ntools.|\n"
    shown = await desk.shown(text, path="web/app.ts")
    assert shown.startswith("web/core/add.ts")
    assert "export function addItem(name: string): void" in shown
