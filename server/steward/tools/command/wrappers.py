"""Which commands are no more than what they are called.

Most programs can be made to run another one by what stands behind their name: shells and
interpreters by a script, wrappers by a whole command, editors and pagers by a key, `find` by an
option, and programs that nobody here knows by who knows what. git runs, even where it only reads,
what the repository's configuration names (a monitor, a filter, a way to show differences), and
shows earlier states of files that are kept from models; its own tools do neither. A rule for the
name says nothing about any of those. So only the programs of the table below are taken at their
name, and only where no word of theirs leads to another program or out of the workspace. All others
are opaque: a rule with a star does not cover them, only one that names the whole command, word for
word.
"""

import re
from collections.abc import Sequence

_PLAIN_NAMES = (
    "b2sum base32 base64 basename cat cksum cmp comm cut df diff dirname du echo egrep expand "
    "expr false fgrep find fmt fold grep head id join ls md5sum nl numfmt od paste pwd "
    "readlink realpath rev seq sha1sum sha224sum sha256sum sha384sum sha512sum sleep sort stat "
    "sum tac tail tr true uname unexpand uniq wc which whoami"
)
_PLAIN = frozenset(_PLAIN_NAMES.split())
_LEADING_ON: dict[str, frozenset[str]] = {
    "diff": frozenset({"--paginate", "-l"}),
    "find": frozenset(
        {"-exec", "-execdir", "-ok", "-okdir", "-delete", "-fprint", "-fprint0", "-fprintf", "-fls"}
        | {"-files0-from"}
    ),
    "sort": frozenset({"--compress-program", "--output", "--files0-from", "--temporary-directory"}),
}
"""Options that run or write something; also shortened, and with a value behind them."""
_LEADS_OUT = re.compile(r"(?:\A|[=:,@])(?:/|~)|\A-[A-Za-z0-9]/|(?:\A|[/=:,])\.\.(?:/|\Z)")
_SHORTEST_OPTION = 3
"""Two dashes and a letter."""


def is_opaque(words: Sequence[str], root: str) -> bool:
    """Whether the name of the program does not tell what the command does.

    Args:
        words: the command, the program's name first.
        root: the workspace; absolute paths below it are its own.
    """
    name, *rest = words
    if name not in _PLAIN or any(_leads_out(word, root) for word in rest):
        return True
    return any(_is_meant(word, option) for word in rest for option in _LEADING_ON.get(name, ()))


def _leads_out(word: str, root: str) -> bool:
    inside = f"{root.rstrip('/')}/"
    if word.startswith(inside):
        word = word.removeprefix(inside)
    return _LEADS_OUT.search(word) is not None


def _is_meant(word: str, option: str) -> bool:
    given = word.partition("=")[0]
    if given == option or not option.startswith("--"):
        return given == option
    return len(given) >= _SHORTEST_OPTION and option.startswith(given) and given.startswith("--")
