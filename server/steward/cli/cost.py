"""`steward cost`: what a call would cost and who would pay, before anything is sent."""

import argparse
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import cast, get_args

from steward.cli.shell import Shell, limit, say
from steward.cli.table import table
from steward.core.errors import InvalidInputError, LimitError, UnavailableError
from steward.core.limits import REQUEST_BYTES_MAX
from steward.core.money import as_usd
from steward.gateway.foresight import HISTORY, Foreseen, Question, Rules, foresee
from steward.gateway.request import Written


def estimate_cost(shell: Shell, arguments: argparse.Namespace) -> int:
    """Write the estimate; gives 1 if the call would be refused."""
    settings, task = shell.settings, _task(arguments.task)
    own = settings.completion if task == "completion" else settings.agents
    most = own.output_tokens_max if arguments.output_tokens is None else arguments.output_tokens
    question = Question(task, _text(arguments.file), most, arguments.model)
    rules = Rules(settings.gateway, settings.ledger.limits())
    workspace: Path | None = arguments.workspace
    where = str(workspace.resolve()) if workspace else ""
    person, now = replace(shell.principal, workspace=where), shell.now
    found = shell.read(lambda session: foresee(session, person, question, rules, now))
    say(_as_json(found) if arguments.json else _as_text(found))
    return 0 if found.refusal is None else 1


def _task(written: str) -> Written:
    if written not in get_args(Written):
        raise InvalidInputError(
            f"There is no task {written!r}; name one of {', '.join(get_args(Written))}."
        )
    return cast("Written", written)


def _text(file: str) -> str:
    """What would be sent, from a file or standard input."""
    try:
        if file == "-":
            content = sys.stdin.buffer.read(REQUEST_BYTES_MAX + 1)
        else:
            with Path(file).open("rb") as opened:
                content = opened.read(REQUEST_BYTES_MAX + 1)
    except OSError as error:
        raise UnavailableError(
            f"{file!r} cannot be read: {error.strerror}. Name a file that you can read, or `-`."
        ) from error
    if len(content) > REQUEST_BYTES_MAX:
        raise LimitError(
            f"No call takes more than {REQUEST_BYTES_MAX} bytes, so this one would not be made."
            " Send less."
        )
    return content.decode("utf-8", "replace")


def _as_text(found: Foreseen) -> str:
    if found.usual is None:
        why = "nobody knows, so all that it may write"
    else:
        why = f"the mean of {found.usual.calls} calls of this task in {HISTORY.days} days"
    asked, cost = found.asked, found.cost
    price = asked.price
    lines = [
        f"model   {asked.model.id}, for the task {asked.request.task}",
        f"price   ${price.input / 1e6:g} in and ${price.output / 1e6:g} out for a million tokens"
        f" ({price.version})",
        f"input   at most {cost.input_tokens_max:,} tokens, one for each byte; probably"
        f" {cost.input_tokens:,}",
        f"output  at most {cost.output_tokens_max:,} tokens; probably {cost.output_tokens:,}"
        f" ({why})",
        f"cost    at most {as_usd(cost.worst_nano_usd)}; probably {as_usd(cost.probable_nano_usd)}",
    ]
    rows = [(each.key.scope, limit(each.limit), limit(each.left)) for each in found.accounts]
    paying = table((("pays", "limit", "left"), *rows))
    return "\n".join(lines) + f"\n\n{paying}\n{_in_words(found)} Nothing was sent.\n"


def _in_words(found: Foreseen) -> str:
    if found.refusal is not None:
        return f"It would be refused: {found.refusal}"
    if found.shortened_to is not None:
        return (
            "It would be admitted with a shorter answer, of at most"
            f" {found.shortened_to:,} tokens: more is not left."
        )
    return "It would be admitted."


def _as_json(found: Foreseen) -> str:
    asked = found.asked
    values: dict[str, object] = {
        "model": asked.model.id,
        "task": asked.request.task,
        "price_version": asked.price.version,
        "input_pico_usd_per_token": asked.price.input,
        "output_pico_usd_per_token": asked.price.output,
        **asdict(found.cost),
        "calls_seen": found.usual.calls if found.usual else 0,
        "accounts": [
            {
                "scope": each.key.scope,
                "period": each.key.period,
                "limit_nano_usd": each.limit,
                "left_nano_usd": each.left,
                "covers": each.covers(found.cost.worst_nano_usd),
            }
            for each in found.accounts
        ],
        "admitted": found.refusal is None,
        "refusal": found.refusal,
        "shortened_to": found.shortened_to,
    }
    return json.dumps(values, indent=2) + "\n"
