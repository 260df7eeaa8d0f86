"""`steward complete`: what a shell asks while somebody types. It answers at once, or not at all."""

import argparse
import re
import signal
import sys
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path

from steward.cli.completing import candidates
from steward.core.errors import StewardError
from steward.core.glance import glance

_WITHIN_S = 0.3
"""For what the database knows; commands and options come from the parser, and always come."""
_MOST = 200
_PLAIN = re.compile(r"[\w@%+=:,./-]+", re.ASCII)
STATEMENTS = {
    "run": 'SELECT id FROM run WHERE "user" = :user ORDER BY created_at DESC LIMIT :most',
    "agent": "SELECT id FROM agent LIMIT :most",
    "extension": 'SELECT id FROM extension WHERE "user" = :user LIMIT :most',
    "user": 'SELECT "user" FROM person LIMIT :most',
    "team": "SELECT DISTINCT team FROM person WHERE team <> '' LIMIT :most",
    "token": 'SELECT id FROM personal_token WHERE "user" = :user LIMIT :most',
    "provider": "SELECT DISTINCT provider FROM provider_key LIMIT :most",
}
"""Kind → how those are found that there are."""


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
    return sorted({*_shipped(kind), *_stored(kind)})


def _stored(kind: str) -> list[str]:
    from steward.core.login import login_name
    from steward.settings import places

    statement = STATEMENTS.get(kind)
    if statement is None:
        return []
    place, user = places().database_place, login_name()
    if isinstance(place, str):
        import_module("psycopg")  # It takes its time, and only the database's is limited.
    with suppress(StewardError, OSError, _LateError), _alarm(_WITHIN_S):
        with glance(place, _WITHIN_S) as opened:
            rows = opened.rows(statement, user=user, most=_MOST)
        return [str(row[0]) for row in rows]
    return []


@contextmanager
def _alarm(after_s: float) -> Generator[None]:
    """Leave the block when so much time has passed, whatever waits in it."""

    def late(_number: int, _frame: object) -> None:
        raise _LateError

    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, after_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


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
