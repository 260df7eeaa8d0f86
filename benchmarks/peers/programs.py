"""How each program is set up and started: headless, everything approved, nothing looked up."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal, Protocol

from benchmarks.peers import hands
from benchmarks.peers.hands import Hands
from tests.environment import SAFE_GIT, steward_environment

FILE = "src/app.py"
GOAL = f"Correct the spelling mistake in {FILE}."

Case = Literal["edit", "shell", "whole"]
"""A part of a file is edited; a command is run; a whole file is written."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a program works, and which model it asks."""

    home: Path
    """Stays from run to run, as a person's does."""
    folder: Path
    """The workspace."""
    url: str
    """The model's, as this program's wire has it."""


class Program(Protocol):
    """An agent that can be started without an editor. Ours is one of four."""

    @property
    def name(self) -> str:
        """With its version."""
        ...

    @property
    def is_gemini(self) -> bool:
        """Whether it speaks Gemini's wire; the others speak OpenAI's."""
        ...

    def hands(self, folder: Path) -> Hands:
        """What the model says to it."""
        ...

    def prepare(self, place: Place) -> None:
        """Write its settings."""
        ...

    def command(self, case: Case) -> list[str]:
        """What is started."""
        ...

    def environment(self, place: Place) -> dict[str, str]:
        """All that it is told by its environment."""
        ...


def peers_in(folder: Path) -> list[Program]:
    """Those that `scripts/peers.sh` put there, and ours, first."""
    folder = folder.resolve()
    found: list[Program] = [Steward()]
    found += [
        program
        for program in (Aider(folder), Opencode(folder), Gemini(folder))
        if program.binary.exists()
    ]
    return found


def _bare(peers: Path, place: Place) -> dict[str, str]:
    """An environment with nothing of the person's who measures."""
    path = os.pathsep.join([str(peers / "bin"), os.environ["PATH"]])
    told = {"HOME": str(place.home), "PATH": path, "LANG": "C.UTF-8", "TERM": "dumb"}
    return told | SAFE_GIT


_POLICY = """\
version = 1
[[rules]]
name = "everything that the model will ask for"
agents = ["fix", "{agent}"]
workspaces = ["{folder}"]
trust = true
plans = ["read_file", "edit_file", "run_command"]
edits = ["edit"]
commands = ["run_command(cat *)"]
"""
_SHELL_AGENT = "runner"
_RUNNER = """\
---
name: Runner
description: May run commands, which none of the shipped agents that change files may.
tools: [read_file, run_command]
---

You are a careful programmer.
"""
_STEWARD = (sys.executable, "-m", "steward")


@dataclass(frozen=True, slots=True)
class Steward:
    """`steward agent run`, under an administrator's policy that approves what is asked here."""

    is_gemini: bool = False

    @property
    def name(self) -> str:
        """With its version."""
        return f"Steward {version('steward')}"

    def hands(self, folder: Path) -> Hands:
        """Tools of ours, behind a plan."""
        return hands.steward(folder)

    def prepare(self, place: Place) -> None:
        """Write the policy beside the workspace, and keep an agent that may run commands."""
        policy = _POLICY.format(agent=_SHELL_AGENT, folder=place.folder)
        (place.home / "policy.toml").write_text(policy)
        subprocess.run(
            [*_STEWARD, "agent", "create", _SHELL_AGENT, "--from", "-"],
            cwd=place.folder,
            env=self.environment(place),
            input=_RUNNER,
            stdout=subprocess.DEVNULL,
            text=True,
            check=True,
        )

    def command(self, case: Case) -> list[str]:
        """The agent that comes with us, or the one that may run commands."""
        agent = _SHELL_AGENT if case == "shell" else "fix"
        return [*_STEWARD, "agent", "run", agent, GOAL, "--mention", FILE, "--json"]

    def environment(self, place: Place) -> dict[str, str]:
        """The model, and where what is kept is kept."""
        own = {
            "STEWARD_POLICY_FILE": str(place.home / "policy.toml"),
            "STEWARD_CONFIG_DIR": str(place.home / "config"),
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": str(place.home / "compiled"),
        }
        return steward_environment(place.home / "data", place.url, own)


@dataclass(frozen=True, slots=True)
class Opencode:
    """opencode-ai from npm; approves everything when it runs headless."""

    peers: Path
    is_gemini: bool = False

    @property
    def binary(self) -> Path:
        """What is started."""
        return self.peers / "node_modules" / ".bin" / "opencode"

    @property
    def name(self) -> str:
        """With its version."""
        return f"opencode {_npm_version(self.peers / 'node_modules' / 'opencode-ai')}"

    def hands(self, folder: Path) -> Hands:
        """Its tools."""
        return hands.opencode(folder)

    def prepare(self, place: Place) -> None:
        """Name the model, in the person's own settings."""
        stub = {
            "npm": "@ai-sdk/openai-compatible",
            "name": "stub",
            "options": {"baseURL": place.url, "apiKey": "none"},
            "models": {"stub": {"name": "stub"}},
        }
        settings = {
            "autoupdate": False,
            "share": "disabled",
            "provider": {"stub": stub},
            "model": "stub/stub",
        }
        config = place.home / ".config" / "opencode"
        config.mkdir(parents=True, exist_ok=True)
        (config / "opencode.json").write_text(json.dumps(settings))

    def command(self, case: Case) -> list[str]:
        """The same for all cases."""
        del case
        return [str(self.binary), "run", GOAL, "--file", FILE]

    def environment(self, place: Place) -> dict[str, str]:
        """Nothing is looked up elsewhere."""
        names = ("AUTOUPDATE", "MODELS_FETCH", "LSP_DOWNLOAD")
        return _bare(self.peers, place) | {f"OPENCODE_DISABLE_{name}": "1" for name in names}


@dataclass(frozen=True, slots=True)
class Gemini:
    """@google/gemini-cli from npm, with `--yolo`."""

    peers: Path
    is_gemini: bool = True

    @property
    def binary(self) -> Path:
        """What is started."""
        return self.peers / "node_modules" / ".bin" / "gemini"

    @property
    def name(self) -> str:
        """With its version."""
        return f"gemini-cli {_npm_version(self.peers / 'node_modules' / '@google' / 'gemini-cli')}"

    def hands(self, folder: Path) -> Hands:
        """Its tools."""
        return hands.gemini(folder)

    def prepare(self, place: Place) -> None:
        """Say how it signs in, and that nothing is told to its makers."""
        settings = {
            "security": {"auth": {"selectedType": "gemini-api-key"}},
            "general": {"disableAutoUpdate": True},
            "privacy": {"usageStatisticsEnabled": False},
        }
        config = place.home / ".gemini"
        config.mkdir(parents=True, exist_ok=True)
        (config / "settings.json").write_text(json.dumps(settings))

    def command(self, case: Case) -> list[str]:
        """The same for all cases."""
        del case
        options = ["--yolo", "--skip-trust", "-m", "gemini-2.5-flash"]
        return [str(self.binary), *options, "-p", f"{GOAL} @{FILE}"]

    def environment(self, place: Place) -> dict[str, str]:
        """The model by its base URL."""
        return _bare(self.peers, place) | {
            "GEMINI_API_KEY": "none",
            "GOOGLE_GEMINI_BASE_URL": place.url,
            "GEMINI_TELEMETRY_ENABLED": "false",
        }


@dataclass(frozen=True, slots=True)
class Aider:
    """aider-chat from PyPI, with `--yes-always`."""

    peers: Path
    is_gemini: bool = False

    @property
    def binary(self) -> Path:
        """What is started."""
        return self.peers / "aider" / "bin" / "aider"

    @property
    def name(self) -> str:
        """With its version."""
        found = (self.peers / "aider").glob("lib/python*/site-packages/aider_chat-*.dist-info")
        folder = next(found, None)
        return f"aider {folder.name.split('-')[1].removesuffix('.dist')}" if folder else "aider"

    def hands(self, folder: Path) -> Hands:
        """Blocks in its answers."""
        return hands.aider(folder)

    def prepare(self, place: Place) -> None:
        """Everything is in its command."""

    def command(self, case: Case) -> list[str]:
        """The file is named, as it reads no other."""
        options = ["--yes-always", "--no-stream", "--no-auto-commits", "--no-analytics"]
        options += ["--no-check-update", "--no-show-model-warnings", "--model", "openai/stub"]
        options += ["--edit-format", "whole" if case == "whole" else "diff"]
        return [str(self.binary), *options, "--message", GOAL, FILE]

    def environment(self, place: Place) -> dict[str, str]:
        """The model by its base URL."""
        return _bare(self.peers, place) | {
            "OPENAI_API_BASE": place.url,
            "OPENAI_API_KEY": "none",
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        }


def _npm_version(package: Path) -> str:
    return str(json.loads((package / "package.json").read_text())["version"])
