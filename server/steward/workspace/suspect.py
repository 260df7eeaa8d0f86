"""What in added text may deceive the eye of whoever reads it, beyond characters that are hidden."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from steward.workspace.reveal import reveal

LINE_CHARS_MAX = 400
"""A longer line is not seen whole without scrolling."""
_WORDS_SHOWN_MAX = 5
_WORD_CHARS_MAX = 80
_WORD = re.compile(r"\w*[^\W\x00-\x7f]\w*")
_ALIKE = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU"})
"""Scripts that have letters which look like those of another of them (UTS 39, "Confusables")."""
_END = re.compile(r"\r\n|\r|\n")
_NAMES = {"\n": "LF", "\r\n": "CRLF", "\r": "CR"}


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What a reader should know before they look at added lines."""

    hidden: int = 0
    """Characters that leave nothing on the screen, or change what stands beside them."""
    words: tuple[str, ...] = ()
    """Words of letters that look like others, these letters spelled out; the first few."""
    long_lines: int = 0
    """Lines that are not seen whole."""
    ends: tuple[str, ...] = ()
    """Line ends that come in and that the file had none of."""

    def __add__(self, other: "Suspicion") -> "Suspicion":
        return Suspicion(
            self.hidden + other.hidden,
            (*self.words, *other.words)[:_WORDS_SHOWN_MAX],
            self.long_lines + other.long_lines,
            tuple(dict.fromkeys((*self.ends, *other.ends))),
        )

    def warnings(self) -> list[str]:
        """One sentence for each kind, as Markdown."""
        said: list[str] = []
        if self.hidden:
            said.append(
                f"**Careful: the lines it adds hold {self.hidden} hidden characters**, spelled out"
                " as `⟨U+…⟩`."
            )
        if self.words:
            listed = ", ".join(f"`{word}`" for word in self.words)
            said.append(
                f"**Careful: letters of other alphabets look like ordinary ones** in {listed}."
            )
        if self.long_lines:
            said.append(
                f"**Careful: {self.long_lines} added lines have over {LINE_CHARS_MAX}"
                " characters**; read them to their ends."
            )
        if self.ends:
            said.append(
                f"**Careful: it brings in {' and '.join(self.ends)} line ends**, which the file has"
                " not had."
            )
        return said


def suspicion_of(before: str | None, added: Sequence[str]) -> Suspicion:
    """What is suspect in lines that are added to a text; `None` where there is no text yet."""
    text = "".join(added)
    return Suspicion(
        reveal(text)[1],
        tuple(islice(_odd_words(text), _WORDS_SHOWN_MAX)),
        sum(len(line.rstrip("\r\n")) > LINE_CHARS_MAX for line in added),
        _new_ends(before, text),
    )


def _new_ends(before: str | None, text: str) -> tuple[str, ...]:
    usual = set(_END.findall(before)) if before else set[str]()
    # A file without any line end says nothing of which are usual; LF never surprises there.
    known = usual or {"\n"}
    return tuple(sorted(_NAMES[end] for end in set(_END.findall(text)) - known))


def _odd_words(text: str) -> Iterable[str]:
    """Words that mix alphabets, or are plain ASCII only once they are normalised; each once."""
    if text.isascii():
        return
    seen: set[str] = set()
    for found in _WORD.finditer(text):
        word = found[0]
        if word not in seen and _is_odd(word):
            seen.add(word)
            yield _spelled(word[:_WORD_CHARS_MAX])


def _is_odd(word: str) -> bool:
    scripts = {_script(character) for character in word if character.isalpha()}
    # Python and others take mathematical letters for plain ones, also in the names of functions.
    return len(scripts & _ALIKE) > 1 or unicodedata.normalize("NFKC", word).isascii()


def _script(character: str) -> str:
    if character.isascii():
        return "LATIN"
    return unicodedata.name(character, "").partition(" ")[0]


def _spelled(word: str) -> str:
    return "".join(
        character
        if character.isascii() or (_script(character) == "LATIN" and _is_itself(character))
        else f"⟨U+{ord(character):04X}⟩"
        for character in word
    )


def _is_itself(character: str) -> bool:
    return not unicodedata.normalize("NFKC", character).isascii()
