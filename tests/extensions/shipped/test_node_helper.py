"""Node helper: scripts, dependencies, and versions of Node."""

import json
from typing import Any

import pytest

from tests.extensions.shipped.sdk import SHIPPED, Shipped, World

VERSIONS = Shipped("node-helper").module("versions")


def node(files: dict[str, str], **config: Any) -> Shipped:
    """Node helper in a workspace of these files."""
    return Shipped("node-helper", World(files=files, config=config))


def saved(package: dict[str, Any] | str, files: dict[str, str] | None = None) -> list[str]:
    """Code and message of each remark on a package.json at the top."""
    text = package if isinstance(package, str) else json.dumps(package, indent=2)
    extension = node({"package.json": text, **(files or {})})
    return [f"{each.code}: {each.message}" for each in extension.saved("package.json", text)]


@pytest.mark.parametrize(
    "source",
    [
        "import a from 'lost'",
        "import { a,\n  b } from 'lost/part.js'",
        "import 'lost'",
        "export * from 'lost'",
        "const a = require('lost')",
        "const a = await import('lost')",
        "const a = import(/* chunk */ 'lost')",
        "vi.mock('lost')",
        "const a = <p>don't</p>; require('lost')",
        "import x from `y`; require.resolve('lost')",
    ],
)
def test_a_package_that_is_imported_and_not_declared_is_missing(source: str) -> None:
    (remark,) = saved({"name": "mine"}, {"src/a.jsx": source})

    assert remark.startswith("missing-dependency: src/a.jsx (line ")
    assert "imports lost, which is not declared." in remark


@pytest.mark.parametrize(
    "source",
    [
        "import a from './lost'",
        "import fs from 'fs'; import p from 'node:path'; import 'fs/promises'",
        "import a from '@/lost'; import b from '~/lost'; import c from '#lost'; import d from '/x'",
        "import a from 'https://lost'; import b from 'virtual:lost'; import c from 'bun:test'",
        "// import a from 'lost'\nconst b = \"from 'lost'\"",
        "import a from 'declared'; import b from 'peer'; import c from 'maybe'",
        "import type { A } from 'typed'",
        "import a from 'mine/other'",
    ],
)
def test_what_is_no_package_or_is_declared_is_not_missing(source: str) -> None:
    package = {
        "name": "mine",
        "dependencies": {"declared": "^1.0.0"},
        "peerDependencies": {"peer": ">=1"},
        "optionalDependencies": {"maybe": "^1.0.0"},
        "devDependencies": {"@types/typed": "^1.0.0"},
    }
    found = saved(package, {"src/a.ts": source, "src/b.ts": "import 'declared'"})

    assert found == []


def test_workspaces_share_what_stands_at_the_top_and_know_each_other() -> None:
    files = {
        "package.json": json.dumps({"devDependencies": {"shared": "^1.0.0"}}),
        "packages/a/package.json": json.dumps({"name": "@w/a"}),
        "packages/b/package.json": json.dumps({"name": "@w/b"}),
        "packages/a/src/a.ts": "import 'shared'; import '@w/b'; import 'lost'",
    }
    extension = node(files)

    assert extension.command("check-dependencies") == "1 missing, 0 unused."
    missing, unused = extension.world.panels["dependencies"][:2]
    assert [item["label"] for item in missing["items"]] == ["lost"]
    assert missing["items"][0]["path"] == "packages/a/src/a.ts"
    assert unused["items"] == []


def test_aliases_of_tsconfig_are_no_packages() -> None:
    tsconfig = '{"compilerOptions": {"paths": {"app/*": ["src/*"]}}}'

    assert saved({"name": "m"}, {"tsconfig.json": tsconfig, "src/a.ts": "import 'app/x'"}) == []


def test_what_the_engine_brings_need_not_be_declared() -> None:
    package = {"name": "m", "engines": {"vscode": "^1.100.0"}}

    assert saved(package, {"src/a.ts": "import * as vscode from 'vscode'"}) == []


def test_a_published_package_may_not_import_what_is_for_development() -> None:
    package = {"name": "m", "main": "a.js", "devDependencies": {"dev": "^1.0.0"}}

    found = saved(package, {"src/a.js": "import 'dev'", "a.test.js": "import 'dev'"})
    private = saved({**package, "private": True}, {"src/a.js": "import 'dev'"})

    assert [remark.partition(", ")[2] for remark in found] == [
        "which is here for development only: whoever installs this lacks it."
    ]
    assert private == []
    assert saved(package, {"a.test.js": "import 'dev'"}) == []


def test_a_dependency_that_nothing_speaks_of_is_unused_and_its_line_is_marked() -> None:
    text = json.dumps({"dependencies": {"used": "^1.0.0", "idle": "^1.0.0"}}, indent=2)
    extension = node({"package.json": text, "a.js": "require('used')"})

    (remark,) = extension.saved("package.json", text)

    assert remark.code == "unused-dependency"
    assert text.split("\n")[remark.range.start.line].strip() == '"idle": "^1.0.0"'


@pytest.mark.parametrize(
    ("name", "rest", "files"),
    [
        ("rimraf", {"scripts": {"clean": "rimraf dist"}}, {}),
        ("@biomejs/biome", {"scripts": {"lint": "biome check"}}, {}),
        ("some-preset", {}, {"some.config.js": "export default { preset: 'some-preset' }"}),
        ("own-config", {"prettier": "own-config"}, {}),
        ("own-builder", {}, {"build.sh": "npx own-builder src"}),
        ("@types/node", {}, {}),
        ("eslint-plugin-x", {}, {}),
        ("normalize.css", {}, {"a.scss": '@use "~normalize.css/all";'}),
        ("react-dom", {}, {"a.jsx": "import 'react'"}),
    ],
)
def test_what_is_used_without_an_import_is_not_called_unused(
    name: str, rest: dict[str, Any], files: dict[str, str]
) -> None:
    package = {**rest, "devDependencies": {name: "^1.0.0", "react": "^19.0.0"}}

    assert saved(package, {"b.js": "import 'react'", **files}) == []


def test_with_more_files_than_are_read_nothing_is_called_unused() -> None:
    files = {f"src/{number}.js": "" for number in range(401)}

    assert saved({"dependencies": {"idle": "^1.0.0"}}, files) == []


def test_versions_that_mean_anything_and_names_that_stand_twice_are_remarked_on() -> None:
    text = """{
  "dependencies": {"a": "*", "b": ">=1.0", "c": "github:x/y", "d": "^1.0.0", "d": "^2.0.0"},
  "devDependencies": {"d": "^2.0.0", "e": "github:x/y#1234567"}
}"""
    found = saved(text, {"a.js": "import 'a'; import 'b'; import 'c'; import 'd'; import 'e'"})

    assert [remark.partition(":")[0] for remark in found] == [
        *("loose-version", "loose-version", "loose-version", "doubled", "doubled")
    ]


@pytest.mark.parametrize(
    ("wanted", "version", "fits"),
    [
        (">=18", "18", True),
        (">=18", "16.20", False),
        ("^18.12 || >=20", "19", False),
        ("^18.12 || >=20", "22.1.0", True),
        ("18.x", "v18.3.1", True),
        ("16 - 18", "18.20", True),
        (">=16 <21", "21", False),
        ("~20.1", "20.2", False),
        ("20.1.0", "20", True),
        ("*", "4", True),
        ("^0.2.3", "0.3", False),
        ("<=18", "18.5", True),
        (">18", "18.5", False),
        ("lots", "18", None),
        (">=18", "lts/*", None),
    ],
)
def test_a_version_fits_a_range_as_npm_reads_it(
    wanted: str, version: str, fits: bool | None
) -> None:
    assert VERSIONS.fits(version, wanted) is fits


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (".nvmrc", "v16.20.0\n"),
        (".node-version", "16"),
        (".tool-versions", "python 3.11\nnodejs 16.1.0\n"),
        ("Dockerfile", "FROM node:16-alpine AS build"),
        (".github/workflows/ci.yml", "      - uses: setup-node\n          node-version: '16'"),
        (".github/workflows/ci.yml", "        node-version: [20, 16.x]"),
        (".gitlab-ci.yml", "image: node:16"),
    ],
)
def test_a_node_that_the_package_does_not_allow_is_remarked_on(path: str, text: str) -> None:
    (remark,) = saved({"engines": {"node": ">=18"}}, {path: text})

    assert remark.startswith("engines: This wants Node >=18, and " + path)
    assert saved({"engines": {"node": ">=16"}}, {path: text}) == []


def test_what_is_no_version_and_no_package_is_left_alone() -> None:
    assert saved({"engines": {"node": ">=18"}}, {".nvmrc": "lts/iron"}) == []
    assert saved("{", {".nvmrc": "16"}) == []
    assert saved("[1]") == []
    assert saved('{"dependencies": [1], "engines": 3, "scripts": {"a": null}}') == []
    assert saved({"engines": {"node": "new"}})[0].startswith("engines: 'new' is no range")


def test_packages_can_be_left_out_and_the_look_at_sources_switched_off() -> None:
    text = json.dumps({"dependencies": {"idle": "*"}})

    assert node({"package.json": text}, ignore=["idle"]).saved("package.json", text) == []
    extension = node({"package.json": text}, check_on_save=False)
    assert [each.code for each in extension.saved("package.json", text)] == ["loose-version"]


@pytest.mark.parametrize(
    ("lock", "argv"),
    [
        ("package-lock.json", ["npm", "--prefix", "web", "run", "dev"]),
        ("pnpm-lock.yaml", ["pnpm", "-C", "web", "run", "dev"]),
        ("web/yarn.lock", ["yarn", "--cwd", "web", "run", "dev"]),
        ("bun.lock", ["bun", "run", "--cwd", "web", "dev"]),
    ],
)
def test_a_script_runs_by_the_manager_whose_lock_is_there(lock: str, argv: list[str]) -> None:
    text = json.dumps({"scripts": {"dev": "vite", "lint": "eslint ."}}, indent=2)
    extension = node({"web/package.json": text, lock: ""})
    extension.world.command = (0, "ready ``` now")

    said = extension.command("run-start", path="web/src/a.ts")

    assert said == "dev: ended with 0"
    (asked,) = extension.world.commands
    assert list(asked["argv"]) == argv
    assert asked["reason"] == "the script dev of web/package.json: vite"
    assert extension.world.panels["output"][1]["text"] == "````\nready ``` now\n````"


def test_the_script_under_the_cursor_runs() -> None:
    text = json.dumps({"scripts": {"dev": "vite", "lint": "eslint ."}}, indent=2)
    extension = node({"package.json": text})
    place = {"start": {"line": 3, "character": 0}, "end": {"line": 3, "character": 0}}

    extension.command("run-script", path="package.json", range=place)

    assert list(extension.world.commands[0]["argv"]) == ["npm", "run", "lint"]
    assert "no_such" in (extension.command("run-script", {"script": "no_such"}) or "")
    assert len(extension.world.commands) == 1


def test_scripts_are_listed_with_their_lines() -> None:
    text = json.dumps({"name": "top", "scripts": {"test": "vitest"}}, indent=2)
    extension = node({"package.json": text, "node_modules/x/package.json": text})

    assert extension.command("scripts") == "1 scripts."
    runs, listed = extension.world.panels["scripts"]
    assert runs["items"] == [{"label": "Run test", "command": "run-test"}]
    assert listed["items"] == [
        {"label": "test", "detail": "vitest", "path": "package.json", "line": 3}
    ]


def test_both_readers_of_javascript_are_the_same() -> None:
    """A package holds all that it needs, so each of the two has a copy."""
    one, other = (SHIPPED / name / "tokens.py" for name in ("node-helper", "react-helper"))

    assert one.read_text("utf-8") == other.read_text("utf-8")
