"""A command line taken apart into the commands that it runs, or not at all.

Only what every shell reads the same way is taken: plain words, quotes, and the five ways to put
commands one after another (`&&`, `||`, `;`, `|`, a new line). Whatever else a line holds, nobody
here guesses what it does: it is `None`, and a person looks at it. The grammar of bash is asked for
a second opinion, and where it reads the line otherwise, the line is `None` too.
"""

import string
from dataclasses import dataclass

from steward.core.agent_limits import COMMAND_LINE_BYTES_MAX, COMMAND_PARTS_MAX
from steward.core.errors import LimitError
from steward.syntax.language import language_of
from steward.syntax.tree import Tree
from steward.workspace.reveal import is_hidden

Span = tuple[int, int]

_BARE = frozenset(string.ascii_letters + string.digits + "_@%+=:,./-~^")
_JOINTS = ("&&", "||", ";", "|", "\n")
_GOES_ON = ("&&", "||", "|")
"""After these a line may end and the command go on."""
_SEPARATING = ";|&\n"
_STATEFUL_NAMES = (
    "alias bg bind break builtin caller cd command compgen complete compopt continue declare "
    "dirs disown enable eval exec exit export fc fg getopts hash help history jobs let local "
    "logout mapfile popd pushd read readarray readonly return set shift shopt source suspend "
    "times trap typeset ulimit umask unalias unset wait . :"
)
_STATEFUL = frozenset(_STATEFUL_NAMES.split())
"""What changes how the shell takes later words, or where later commands run."""
_KEYWORDS_NAMES = (
    "if then else elif fi for while until do done case esac in select function time coproc "
    "namespace nocorrect noglob repeat foreach end"
)
_KEYWORDS = frozenset(_KEYWORDS_NAMES.split())
_PLAIN_KINDS_NAMES = (
    "program list pipeline command command_name word number string string_content raw_string "
    "concatenation"
)
_PLAIN_KINDS = frozenset(_PLAIN_KINDS_NAMES.split())


@dataclass(frozen=True, slots=True)
class Part:
    """One simple command of a line."""

    words: tuple[str, ...]
    """What the program gets, its own name first, without quotes."""
    spans: tuple[Span, ...]
    """Where each word stands in the line."""


def check_size(line: str) -> None:
    """Raise `LimitError` for a line that is longer than a person would read before a yes."""
    size = len(line.encode("utf-8", "surrogatepass"))
    if size > COMMAND_LINE_BYTES_MAX:
        raise LimitError(
            f"The command has {size} bytes, and {COMMAND_LINE_BYTES_MAX} are taken. Propose a"
            " script as a file first, and then run that."
        )
    # Counted without a look at quotes: what cannot be taken apart must not be long either.
    if sum(map(line.count, _SEPARATING)) > 2 * COMMAND_PARTS_MAX:
        raise LimitError(
            f"The command has too many parts; {COMMAND_PARTS_MAX} are taken. Run fewer at once."
        )


def parse(line: str) -> tuple[Part, ...] | None:
    """The commands of a line in their order; None where it cannot be judged.

    Raises:
        LimitError: it is longer, or has more parts, than is taken.
    """
    check_size(line)
    reading = _Reading(line)
    if not reading.is_read() or not _agrees(line, reading.parts):
        return None
    if len(reading.parts) > COMMAND_PARTS_MAX:
        raise LimitError(
            f"The command has {len(reading.parts)} parts, and {COMMAND_PARTS_MAX} are taken."
            " Run fewer at once."
        )
    return tuple(reading.parts)


class _Reading:
    """A line while it is read, from the left to the right and never back."""

    def __init__(self, line: str) -> None:
        self.parts: list[Part] = []
        self._line = line
        self._at = 0
        self._words: list[str] = []
        self._spans: list[Span] = []
        self._goes_on = False

    def is_read(self) -> bool:
        """Read all of it; whether all of it was understood."""
        while self._at < len(self._line):
            character = self._line[self._at]
            if character == " ":
                self._at += 1
            elif character in _SEPARATING:
                if not self._joint():
                    return False
            elif not self._word():
                return False
        return self._ends_part() and bool(self.parts) and not self._goes_on

    def _joint(self) -> bool:
        joint = next((j for j in _JOINTS if self._line.startswith(j, self._at)), None)
        if joint is None:
            return False
        if not self._words:
            # Empty lines, and a line that ended where the command goes on, mean nothing.
            self._at += 1
            return joint == "\n"
        self._at += len(joint)
        # `|&`, `;;`, `|||`: something else than the two that it looks like.
        if joint != "\n" and self._line[self._at : self._at + 1] in (*"&|;",):
            return False
        is_ended = self._ends_part()
        self._goes_on = joint in _GOES_ON
        return is_ended

    def _ends_part(self) -> bool:
        if not self._words:
            return True
        name = self._words[0]
        if not name or name in _STATEFUL or name in _KEYWORDS or "=" in name:
            return False
        self.parts.append(Part(tuple(self._words), tuple(self._spans)))
        self._words, self._spans = [], []
        self._goes_on = False
        return True

    def _word(self) -> bool:
        start, text = self._at, ""
        while self._at < len(self._line):
            character = self._line[self._at]
            if character in " ;|&\n":
                break
            piece = self._quoted(character) if character in "'\"" else self._bare(start)
            if piece is None:
                return False
            text += piece
        self._words.append(text)
        self._spans.append((start, self._at))
        return True

    def _bare(self, start: int) -> str | None:
        character, before = self._line[self._at], self._line[self._at - 1 : self._at]
        # A shell takes a tilde for a home where a word or a value begins.
        is_home = character == "~" and (self._at == start or before in ("=", ":", "'", '"'))
        if character not in _BARE or is_home:
            return None
        self._at += 1
        return character

    def _quoted(self, quote: str) -> str | None:
        end = self._line.find(quote, self._at + 1)
        if end < 0:
            return None
        inside = self._line[self._at + 1 : end]
        is_active = quote == '"' and not set(inside).isdisjoint("$`\\")
        # Tabs, line breaks and spaces of other alphabets are not read by all shells alike.
        is_odd = any((c.isspace() and c != " ") or c == "\t" or is_hidden(c) for c in inside)
        if is_active or is_odd:
            return None
        self._at = end + 1
        return inside


def _agrees(line: str, parts: list[Part]) -> bool:
    """Whether bash's grammar finds the same words in the same commands, and nothing else."""
    tree = Tree.of(language_of("", "shellscript"), line)
    if tree is None:
        return False
    if any(tree.matches("[(ERROR) (MISSING)] @n")):
        return False
    kinds = {piece.kind for found in tree.matches("(_) @n") for piece in found["n"]}
    if not kinds <= _PLAIN_KINDS:
        return False
    words = {piece.span for found in tree.matches("(command (_) @n)") for piece in found["n"]}
    commands = {piece.span for found in tree.matches("(command) @n") for piece in found["n"]}
    ours = {_in_bytes(line, span) for part in parts for span in part.spans}
    whole = {_in_bytes(line, (part.spans[0][0], part.spans[-1][1])) for part in parts}
    return words == ours and commands == whole


def _in_bytes(line: str, span: Span) -> Span:
    start, end = (len(line[:at].encode("utf-8", "replace")) for at in span)
    return start, end
