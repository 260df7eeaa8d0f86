"""Auto test staging: which tests belong to a file, and what of them a model is shown."""

from typing import Any

import pytest

from tests.extensions.shipped.sdk import Shipped, World


def staging(files: dict[str, str] | list[str], **config: Any) -> Shipped:
    """The extension in a workspace of these files."""
    named = files if isinstance(files, dict) else dict.fromkeys(files, "text")
    return Shipped("auto-test-staging", World(files=named, config=config))


def belonging(path: str, files: dict[str, str] | list[str], **config: Any) -> list[str]:
    """What the panel lists for a file."""
    extension = staging(files, **config)
    extension.command("show-tests", path=path)
    panel = extension.world.panels.get("tests", [{"items": []}])
    return [item["path"] for item in panel[0]["items"]]


def piece(path: str | None, name: str = "0") -> dict[str, Any]:
    """A piece of a context."""
    return {"id": name, "kind": "file", "path": path, "text": "x", "tokens": 1}


@pytest.mark.parametrize(
    ("source", "test"),
    [
        ("shop/cart.py", "tests/shop/test_cart.py"),
        ("shop/cart.py", "shop/cart_test.py"),
        ("shop/cart/__init__.py", "tests/test_cart.py"),
        ("src/cart.ts", "src/cart.test.ts"),
        ("src/Cart.tsx", "src/__tests__/Cart.tsx"),
        ("src/Cart.jsx", "test/Cart.spec.js"),
        ("src/cart/index.ts", "src/cart/cart.spec.ts"),
        ("pkg/cart.go", "pkg/cart_test.go"),
        ("src/cart.rs", "tests/cart.rs"),
        ("src/cart/mod.rs", "src/cart_test.rs"),
        ("src/main/java/a/Cart.java", "src/test/java/a/CartTest.java"),
        ("src/main/kotlin/a/Cart.kt", "src/test/kotlin/a/CartSpec.kt"),
        ("Shop/Cart.cs", "Shop.Tests/CartTests.cs"),
        ("app/models/cart.rb", "spec/models/cart_spec.rb"),
        ("lib/cart.rb", "test/test_cart.rb"),
    ],
)
def test_a_file_and_its_test_find_each_other_by_their_names(source: str, test: str) -> None:
    files = [source, test, "README.md", "other/thing.py", "other/test_thing.py"]

    assert belonging(source, files) == [test]
    assert belonging(test, files) == [source]


def test_of_files_of_one_name_a_test_belongs_to_the_nearest() -> None:
    files = [
        *("src/shop/models.py", "src/users/models.py"),
        *("tests/shop/test_models.py", "tests/users/test_models.py"),
    ]

    assert belonging("src/shop/models.py", files) == ["tests/shop/test_models.py"]
    assert belonging("tests/users/test_models.py", files) == ["src/users/models.py"]


@pytest.mark.parametrize(
    ("source", "test", "text"),
    [
        ("shop/cart.py", "tests/test_sums.py", "from shop.cart import total\n"),
        ("shop/cart.py", "tests/test_sums.py", "from shop import cart, other\n"),
        ("shop/cart.py", "tests/test_sums.py", "import shop.cart as c\n"),
        ("src/cart.ts", "src/sums.test.ts", "import { a } from '../src/cart';\n"),
        ("src/cart.js", "src/sums.test.js", "const a = require('./cart.js')\n"),
        ("src/cart.rs", "tests/sums.rs", "use shop::cart::total;\n"),
        ("a/Cart.java", "a/SumsTest.java", "import shop.Cart;\n"),
        ("Shop/Cart.cs", "Shop.Tests/SumsTests.cs", "var cart = new Cart();\n"),
        ("lib/cart.rb", "spec/sums_spec.rb", "require_relative '../lib/cart'\n"),
    ],
)
def test_a_test_of_another_name_counts_where_it_imports_the_file(
    source: str, test: str, text: str
) -> None:
    files = {source: "", test: text, "other/test_none.py": "", "src/none.test.ts": "cart"}

    assert belonging(source, files) == [test]
    assert belonging(test, files) == [source]


def test_an_import_means_the_file_whose_folders_it_names() -> None:
    files = {"shop/models.py": "", "users/models.py": "", "tests/test_a.py": "import shop.models\n"}

    assert belonging("shop/models.py", files) == ["tests/test_a.py"]
    assert belonging("users/models.py", files) == []


def test_what_is_named_after_a_file_goes_before_what_imports_it() -> None:
    files = {
        "shop/cart.py": "",
        "tests/test_cart.py": "",
        "shop/tests/test_flow.py": "from shop.cart import a\n",
    }

    assert belonging("shop/cart.py", files) == ["tests/test_cart.py", "shop/tests/test_flow.py"]


def test_own_patterns_find_what_no_convention_does() -> None:
    own = [{"source": "lib/{path}.ex", "test": "test/{path}_test.exs"}]
    files = ["lib/shop/cart.ex", "test/shop/cart_test.exs"]

    assert belonging(files[0], files) == []
    assert belonging(files[0], files, patterns=own) == [files[1]]
    assert belonging(files[1], files, patterns=own) == [files[0]]


def test_a_file_without_tests_is_told_in_words() -> None:
    extension = staging(["a.py"])

    assert extension.command("show-tests", path="a.py") == (
        "Nothing is named after a.py, and no test near it imports it."
    )
    assert "Open the file" in (extension.command("show-tests") or "")


def test_tests_come_along_with_what_a_model_is_shown() -> None:
    extension = staging({"cart.py": "x", "test_cart.py": "def test(): pass\n", "b.py": ""})

    answer = extension.stage("tests", task="agent", goal="", pieces=[piece("cart.py"), piece(None)])

    (added,) = answer.add
    assert added.path == "test_cart.py"
    assert added.text == "def test(): pass\n"
    assert added.title == "test_cart.py, which belongs to cart.py: it is named after it"
    assert answer.keep is None
    assert answer.replace == {}


def test_what_is_shown_already_or_not_asked_for_is_not_added() -> None:
    extension = staging({"cart.py": "x", "test_cart.py": "y"})

    shown = [piece("cart.py"), piece("test_cart.py", "1")]
    assert extension.stage("tests", task="agent", pieces=shown).add == ()
    assert extension.stage("tests", task="ghost_text", pieces=[piece("cart.py")]).add == ()
    assert extension.stage("tests", task="agent", pieces=[piece("no/such.py")]).add == ()


def test_a_long_test_is_cut_to_its_beginning_and_to_what_was_asked_for() -> None:
    blocks = [f"def test_{name}():\n    assert {name} == {'1' * 300}" for name in "abcdefgh"]
    blocks[5] = f"def test_discount():\n    assert discount == {'1' * 300}"
    text = "import cart\n\n\n" + "\n\n\n".join(blocks) + "\n"
    extension = staging({"cart.py": "x", "test_cart.py": text}, tokens_max=200)

    goal = "Make the discount smaller"
    (added,) = extension.stage("tests", task="chat", goal=goal, pieces=[piece("cart.py")]).add

    assert len(added.text) <= 700
    assert added.text.startswith("import cart\n\n")
    assert "def test_discount" in added.text
    assert "…" in added.text


@pytest.mark.parametrize("text", ["x" * 10_000, "line\n" * 3000, "\n\n\n" * 3000 + "x" * 900])
def test_whatever_a_test_looks_like_it_never_takes_more_than_its_room(text: str) -> None:
    extension = staging({"cart.py": "x", "test_cart.py": text}, tokens_max=200)

    answer = extension.stage("tests", task="chat", pieces=[piece("cart.py")])

    assert sum(len(each.text) for each in answer.add) <= 700


def test_only_so_many_files_and_tests_are_looked_at() -> None:
    files = [f"{name}.py" for name in "abcde"] + [f"test_{name}.py" for name in "abcde"]
    pieces = [piece(f"{name}.py") for name in "abcde"]

    assert len(staging(files).stage("tests", task="chat", pieces=pieces).add) == 3
    assert len(staging(files, files_max=1).stage("tests", task="chat", pieces=pieces).add) == 1


def test_a_file_that_came_is_known_at_once() -> None:
    extension = staging({"cart.py": "x"})
    assert extension.stage("tests", task="chat", pieces=[piece("cart.py")]).add == ()

    extension.world.files["test_cart.py"] = "y"
    extension.hook("onWorkspaceChange", created=("test_cart.py",))

    assert len(extension.stage("tests", task="chat", pieces=[piece("cart.py")]).add) == 1


def test_a_file_that_may_not_be_read_is_left_out() -> None:
    extension = staging({"cart.py": "x", "test_cart.py": "y"})
    extension.stage("tests", task="chat", pieces=[])
    del extension.world.files["test_cart.py"]

    assert extension.stage("tests", task="chat", pieces=[piece("cart.py")]).add == ()
