"""An import is matched with the files that there are, in the way of its language."""

import pytest

from steward.context.map.paths import Paths
from steward.context.map.resolve import beside, resolved
from steward.syntax.language import language_of
from steward.syntax.symbols import symbols_of


def files_of(path: str, code: str, *known: str) -> list[str]:
    """The files that the code of `path` imports, of those that are known."""
    paths = Paths()
    for one in (path, *known):
        paths.add(one)
    language = language_of(path)
    symbols = symbols_of(language, code)
    assert symbols is not None
    assert symbols.imports
    return [file for said in symbols.imports for file in resolved(said, path, language, paths)]


@pytest.mark.parametrize(
    ("path", "code", "meant", "other"),
    [
        ("shop/till.py", "from .basket import Basket", "shop/basket.py", "basket.py"),
        ("shop/till.py", "from . import basket", "shop/basket.py", "basket.py"),
        ("a/b/till.py", "from ..shop import Basket", "a/shop/__init__.py", "a/b/shop.py"),
        ("main.py", "import shop.basket", "shop/basket.py", "other/basket.py"),
        ("tests/test_a.py", "from shop.basket import add", "src/shop/basket.py", "shop.py"),
        ("main.py", "from shop import basket", "shop/basket.py", "basket/shop.py"),
        ("src/app.ts", "import { add } from './basket'", "src/basket.ts", "basket.ts"),
        ("src/app.ts", "import { add } from './basket.js'", "src/basket.ts", "basket.ts"),
        ("src/ui/app.tsx", "import { add } from '../shop'", "src/shop/index.ts", "src/ui/shop.ts"),
        ("src/app.ts", "export * from './basket'", "src/basket.ts", "basket.ts"),
        ("src/app.ts", "import { add } from '@/shop/basket'", "src/shop/basket.ts", "x/basket.ts"),
        ("app.js", "const { add } = require('./lib/basket')", "lib/basket.js", "basket.js"),
        (
            "packages/app/src/main.ts",
            "import { add } from '@acme/core'",
            "packages/core/src/index.ts",
            "packages/app/src/index.ts",
        ),
        (
            "cmd/main.go",
            'import "example.org/acme/internal/basket"',
            "internal/basket/add.go",
            "cmd/other.go",
        ),
        ("src/main.rs", "use crate::shop::basket::Basket;", "src/shop/basket.rs", "src/shop.rs"),
        ("src/main.rs", "use crate::shop::Basket;", "src/shop/mod.rs", "src/till.rs"),
        ("src/shop/till.rs", "use super::basket::Basket;", "src/shop/basket.rs", "src/basket.rs"),
        (
            "src/main/java/org/acme/App.java",
            "import org.acme.shop.Basket;\nclass App {}",
            "src/main/java/org/acme/shop/Basket.java",
            "src/main/java/org/acme/Shop.java",
        ),
        ("src/main.c", '#include "basket.h"', "src/basket.h", "src/basket.c"),
        ("src/main.cpp", '#include "shop/basket.hpp"', "include/shop/basket.hpp", "basket.hpp"),
        ("lib/app.rb", "require_relative 'shop/basket'", "lib/shop/basket.rb", "shop/basket.rb"),
        ("lib/app.rb", "require 'shop/basket'", "lib/shop/basket.rb", "basket.rb"),
        (
            "src/App.php",
            "<?php\nuse Acme\\Shop\\Basket;",
            "src/Acme/Shop/Basket.php",
            "src/Shop.php",
        ),
        ("main.lua", 'local b = require("shop.basket")', "shop/basket.lua", "basket.lua"),
        ("bin/run.sh", "source ./basket.sh", "bin/basket.sh", "basket.sh"),
    ],
)
def test_an_import_means_one_file(path: str, code: str, meant: str, other: str) -> None:
    assert files_of(path, code, meant, other) == [meant]


@pytest.mark.parametrize(
    ("path", "code", "known"),
    [
        ("main.py", "import json\nfrom typing import Any", "shop/typing.py"),
        ("main.py", "from basket import add", "shop/inner/other.py"),
        ("app.ts", "import fs from 'fs'\nimport x from 'react'", "src/reactor.ts"),
        ("cmd/main.go", 'import "net/http"', "internal/http/server.go"),
        ("cmd/main.go", 'import "fmt"', "internal/format/fmt.go"),
        ("src/main.rs", "use std::collections::HashMap;", "src/collections.rs"),
    ],
)
def test_a_library_is_no_file_of_ours(path: str, code: str, known: str) -> None:
    if known == "shop/typing.py":
        # A module inside a package cannot be imported by its own name alone.
        assert files_of(path, code, known, "shop/__init__.py") == []
    else:
        assert files_of(path, code, known) == []


def test_of_several_files_the_nearest_is_meant() -> None:
    code = "from shop.basket import add"
    known = ("one/src/shop/basket.py", "two/src/shop/basket.py")
    assert files_of("two/tests/test_a.py", code, *known) == ["two/src/shop/basket.py"]


def test_the_files_of_a_go_package_see_each_other() -> None:
    paths = Paths()
    for path in ("shop/a.go", "shop/b.go", "shop/b_test.go", "shop/sub/c.go", "shop/notes.py"):
        paths.add(path)
    assert beside("shop/a.go", language_of("shop/a.go"), paths) == ("shop/b.go",)
    assert beside("shop/notes.py", language_of("shop/notes.py"), paths) == ()


def test_a_removed_file_is_meant_by_nothing() -> None:
    paths = Paths()
    paths.add("shop/basket.py")
    paths.remove("shop/basket.py")
    assert "shop/basket.py" not in paths
    assert paths.in_folder("shop") == ()
    assert paths.ending(("shop", "basket"), "main.py", (".py",)) is None
    assert paths.folder_ending(("shop",), "main.py") is None
