"""What an extension can be allowed to do, and how that is said to the person who allows it."""

from collections.abc import Mapping
from typing import Literal, get_args

Capability = Literal[
    "files.read",
    "files.propose",
    "git.read",
    "state.read",
    "model.ask",
    "command.run",
    "storage",
    "events.emit",
    "messages.show",
    "panels.show",
    "context.change",
    "engine.observe",
    "engine.veto",
    "tools.offer",
]
"""What an extension declares in its manifest, and a person grants when they install it."""

EVERY_CAPABILITY: tuple[Capability, ...] = get_args(Capability)

IN_WORDS: Mapping[Capability, str] = {
    "files.read": "read files of the workspace",
    "files.propose": "propose changes of files; you see and decide each",
    "git.read": "read what git says of the workspace",
    "state.read": "read parts of what Steward knows",
    "model.ask": "ask AI models on your budget; what it sends leaves this machine",
    "command.run": "ask you to run commands, in the jail; you decide each",
    "storage": "keep data of its own",
    "events.emit": "tell other parts of Steward that something happened",
    "messages.show": "show you messages",
    "panels.show": "show panels",
    "context.change": "see and change what is sent to models",
    "engine.observe": "be told of the steps of agents' runs",
    "engine.veto": "stop steps of agents' runs",
    "tools.offer": "offer tools to agents",
}
"""The end of the sentence "It may …"."""
