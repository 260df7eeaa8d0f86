"""What the editor tests drive, and whether it is here."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.environment import ROOT

EDITORS = ROOT / ".editors"
CLIENT = ROOT / "clients" / "vscode"
NODE = EDITORS / "bin" / "node"
CODE_SERVER = EDITORS / "code-server/node_modules/code-server/out/node/entry.js"
EXTENSIONS = EDITORS / "extensions"
STAMP = EDITORS / "extension.stamp"
NEOVIM = EDITORS / "bin" / "nvim"
EMACS = EDITORS / "bin" / "emacs"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that is needed to look at VS Code with Steward in it."""

    node: Path
    code_server: Path
    extensions: Path
    browser: Path


def find_parts() -> Parts | str:
    """The parts, or the reason why the tests cannot run."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        return "there is no Chromium; 'make editors' installs it"
    if not (NODE.exists() and CODE_SERVER.exists() and STAMP.exists()):
        return "VS Code is not installed here; 'make editors' installs it"
    if newer := _newer_than_the_build():
        return f"{newer.name} was changed after the extension was built; run 'make editors'"
    return Parts(NODE, CODE_SERVER, EXTENSIONS, Path(browser))


def require(program: Path) -> Path:
    """An editor that is one program; without it a test is skipped, unless that is forbidden."""
    if program.exists():
        return program
    reason = f"{program.name} is not installed here; 'make editors' installs it"
    if os.environ.get("STEWARD_REQUIRE_EDITORS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def _newer_than_the_build() -> Path | None:
    """A source that the installed extension does not know yet: it would test yesterday's client."""
    built_at = STAMP.stat().st_mtime
    sources = (file for file in CLIENT.rglob("*") if _is_source(file))
    return next((file for file in sources if file.stat().st_mtime > built_at), None)


def _is_source(file: Path) -> bool:
    return file.is_file() and not {"node_modules", "dist"}.intersection(file.parts)
