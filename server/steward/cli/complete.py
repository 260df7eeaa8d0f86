"""`steward complete`: what a shell asks while somebody types. It answers at once, or not at all."""

import argparse
import re
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from steward.cli.completing import candidates

_WITHIN_S = 0.3
"""For what the database knows; commands and options come from the parser, and always come."""
_MOST = 200
_PLAIN = re.compile(r"[\w@%+=:,./-]+", re.ASCII)
_STATEMENTS = {
    "run": 'SELECT id FROM run WHERE "user" = :user ORDER BY created_at DESC LIMIT :most',
    "agent": "SELECT id FROM agent LIMIT :most",
    "extension": 'SELECT id FROM extension WHERE "user" = :user LIMIT :most',
    "user": 'SELECT "user" FROM person LIMIT :most',
    "team": "SELECT DISTINCT team FROM person WHERE team <> '' LIMIT :most",
    "token": 'SELECT id FROM personal_token WHERE "user" = :user LIMIT :most',
    "provider": "SELECT DISTINCT provider FROM provider_key LIMIT :most",
    "model": "SELECT DISTINCT provider || '/' || model FROM reservation LIMIT :most",
}


class _LateError(Exception):
    """It takes too long."""


def complete(arguments: argparse.Namespace) -> int:
    """Write a line for each word that may come: the word, and behind a tab what it is."""
    from steward.cli.main import build_parser

    found = candidates(build_parser(), arguments.words, _values)
    # What a shell would obey, or take for two words, is no candidate.
    lines = [f"{each.word}\t{_line(each.what)}\n" for each in found if _PLAIN.fullmatch(each.word)]
    sys.stdout.write("".join(lines))
    return 0


def _line(text: str) -> str:
    return " ".join(text.replace("%%", "%").split())


def _values(kind: str) -> Iterable[str]:
    """Those that there are of this kind, as far as they are known within a moment."""

    def late(_number: int, _frame: object) -> None:
        raise _LateError

    found = set(_shipped(kind))
    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, _WITHIN_S)
    try:
        found.update(_stored(kind))
    except _LateError:
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return sorted(found)


def _stored(kind: str) -> Iterable[str]:
    from steward.core.errors import StewardError
    from steward.core.glance import glance
    from steward.core.login import login_name
    from steward.settings import places

    statement = _STATEMENTS.get(kind)
    if statement is None:
        return ()
    with suppress(StewardError, OSError), glance(places().database_place, _WITHIN_S) as opened:
        rows = opened.rows(statement, user=login_name(), most=_MOST)
        return [str(row[0]) for row in rows]
    return ()


def _shipped(kind: str) -> Iterable[str]:
    """What comes with Steward: read from its folders, since loading it takes too long."""
    if kind == "agent":
        folder = Path(__file__).parents[1] / "agents" / "shipped"
        return [each.stem for each in folder.glob("*.md")]
    if kind == "model":
        import json

        file = Path(__file__).parents[1] / "gateway" / "catalogue" / "models.json"
        return json.loads(file.read_text("utf-8"))["models"]
    if kind == "provider":
        from steward.gateway.built_in import BUILT_IN

        return BUILT_IN
    return ()
