"""`steward help`: what a word means, or how something is done, in a few lines."""

import argparse
import sys

from steward.cli.output import say
from steward.cli.parser import EXIT_CODES, meant, sub_commands

_TOPICS = {
    "approvals": (
        "Agents ask before they act: a plan, each command, each change is shown whole and"
        " answered by a person, in the editor, at the terminal or at a page. A yes holds once, for"
        " exactly what was shown, and for a limited time. `steward status` shows what waits."
    ),
    "budgets": (
        "What a call may cost at most is set aside before it is made, and what it did cost is"
        " booked when it ends. `steward budget show` shows all accounts of this month; `steward"
        " budget set user --limit 20` sets one. A call that no account covers is not made."
    ),
    "completion": (
        'bash: add `eval "$(steward completion bash)"` to ~/.bashrc. zsh: the same with zsh,'
        " behind compinit, to ~/.zshrc. fish: `steward completion fish | source` to"
        " ~/.config/fish/config.fish."
    ),
    "exit-codes": "\n".join(f"{code:<4} {what}" for code, what in EXIT_CODES.items()),
    "json": (
        "Every command takes --json. What lists or shows writes its values; what does something"
        ' writes {"exit_code", "said"}; what could not be done writes {"error": {"code",'
        ' "message"}} on standard error. With --json nobody is asked anything.'
    ),
    "keys": (
        "`steward key add PROVIDER` reads a key from standard input, asks the provider whether it"
        " takes it, and keeps it sealed. `steward key list` shows keys masked, and their age."
    ),
    "models": (
        "`steward model list` shows what is known, with prices; a model without a price is not"
        " called. STEWARD_MODEL_URL and STEWARD_MODEL name one of your own."
    ),
    "sandbox": (
        "Commands of agents run in a jail that is tried out before the first one: no network,"
        " nothing of yours but the workspace, and limits. `steward sandbox` says which holds here."
    ),
    "settings": (
        "settings.toml in the folder STEWARD_CONFIG_DIR, usually ~/.config/steward; a variable"
        " STEWARD_SECTION__NAME stands above it. Nothing is read from a workspace."
    ),
    "team": (
        "`steward serve` gives a team one server with one database, keys and budgets; editors set"
        " STEWARD_TEAM_URL and STEWARD_TEAM_TOKEN. `steward people` and `steward token` say who."
    ),
}


def show(arguments: argparse.Namespace) -> int:
    """Write what is known of a topic, or the help of a command."""
    from steward.cli.main import build_parser

    parser: argparse.ArgumentParser = build_parser()
    words: list[str] = arguments.topic
    if not words:
        width = max(map(len, _TOPICS))
        for name, text in _TOPICS.items():
            first = text.partition("\n")[0].partition(". ")[0].rstrip(".")
            say(f"{name.ljust(width)}  {first}.\n")
        say("\n`steward help TOPIC` says more, `steward help COMMAND` what a command takes.\n")
        return 0
    if len(words) == 1 and words[0] in _TOPICS:
        say(f"{_TOPICS[words[0]]}\n")
        return 0
    for word in words:
        below = sub_commands(parser)
        if word not in below:
            known = [*below, *_TOPICS] if parser.prog == "steward" else list(below)
            sys.stderr.write(
                f"There is no topic or command `{' '.join(words)}`.{meant(word, known)}\n"
                "`steward help` lists the topics.\n"
            )
            return 2
        parser = below[word]
    parser.print_help()
    return 0
