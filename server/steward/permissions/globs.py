r"""Patterns over paths, branches and the words of a command.

`*` stands for any part of one name or word, `**` for any number of folders (in a command a `*`
that stands alone, for any number of words), `\` takes the next character as it is. A pattern is
about the whole: nothing matches in the middle. Matching takes time in proportion to the text,
whatever a model puts into it: a `*` that has found its place is not moved again, which loses no
match, because the earliest place leaves the most for the rest.
"""

import re
from functools import lru_cache, partial

from steward.core.spelling import folded

_REMEMBERED_MAX = 4096
"""Patterns that are kept compiled."""
_STAR = None
"""A piece that stands for any part; the others are text."""
_Segment = tuple[str | None, ...]


def is_path_in(path: str, glob: str) -> bool:
    """Whether the glob means this path, letter for letter."""
    return _paths(glob).fullmatch(f"{path}/") is not None


def is_path_near(path: str, glob: str) -> bool:
    """Whether the glob could mean this path, in whatever spelling, or the folder it speaks of."""
    return _near_paths(glob).fullmatch(f"{folded(path)}/") is not None


def is_glob_in(glob: str, within: str) -> bool:
    """Whether `within` surely means every path that the glob means; else no.

    Two globs cannot be compared as text: `*` means the text `**`, and not what that means.
    """
    trimmed = glob.removeprefix("./").removeprefix("/")
    trimmed += "**" if trimmed.endswith("/") else ""
    if all(piece is not _STAR for piece in _pieces(trimmed, is_folded=False)):
        return is_path_in("".join(filter(None, _pieces(trimmed, is_folded=False))), within)
    wide = within.removeprefix("./").removeprefix("/").removesuffix("**")
    if trimmed == within or wide == "":
        return True
    folders = _parts(wide, "/")[:-1]
    fixed = _parts(trimmed, "/")[:-1][: len(folders)]
    stars = [_STAR in _pieces(part, is_folded=False) for part in (*folders, *fixed)]
    return within.endswith("/**") and not any(stars) and folders == fixed


def is_command_in(command: str, pattern: str) -> bool:
    """Whether the pattern means this command, letter for letter."""
    return _words(pattern).fullmatch(f"{command} ") is not None


def is_command_near(command: str, pattern: str) -> bool:
    """Whether the pattern could mean this command, in whatever spelling."""
    return _near_words(pattern).fullmatch(f"{folded(command)} ") is not None


def is_branch_in(branch: str, pattern: str) -> bool:
    """Whether the pattern means this branch, letter for letter."""
    return _text(pattern).fullmatch(branch) is not None


def is_branch_near(branch: str, pattern: str) -> bool:
    """Whether the pattern could mean this branch, in whatever spelling and however it is named."""
    plain = folded(branch)
    for prefix in ("refs/", "heads/", "remotes/"):
        plain = plain.removeprefix(prefix)
    return _near_text(pattern).fullmatch(plain) is not None


def is_name_in(name: str, pattern: str) -> bool:
    """Whether the pattern means this name of a tool."""
    return name == pattern or ("*" in pattern and _text(pattern).fullmatch(name) is not None)


def literal(text: str) -> str:
    """The pattern that means exactly this text."""
    return re.sub(r"([\\*?\[\]{}()!])", r"\\\1", text)


def _of_paths(glob: str, *, is_folded: bool) -> re.Pattern[str]:
    trimmed = glob.removeprefix("./").removeprefix("/")
    if trimmed.endswith("/"):
        trimmed += "**"
    segments = [_pieces(part, is_folded=is_folded) for part in _parts(trimmed, "/")]
    many = [all(piece is _STAR for piece in s) and len(s) > 1 for s in segments]
    # `src/**` is what is in `src`; who forbids that also means the folder itself.
    return _whole(segments, many, "/", needs_last=not is_folded)


def _of_words(pattern: str, *, is_folded: bool) -> re.Pattern[str]:
    words = [part for part in _parts(pattern, " ") if part]
    segments = [_pieces(word, is_folded=is_folded) for word in words]
    many = [bool(s) and all(piece is _STAR for piece in s) for s in segments]
    return _whole(segments, many, " ", needs_last=False)


def _of_text(pattern: str, *, is_folded: bool) -> re.Pattern[str]:
    return re.compile(_segment(_pieces(pattern, is_folded=is_folded), "."), re.DOTALL)


_remembered = lru_cache(maxsize=_REMEMBERED_MAX)
# Six caches of one argument each: a decision asks them dozens of times.
_paths = _remembered(partial(_of_paths, is_folded=False))
_near_paths = _remembered(partial(_of_paths, is_folded=True))
_words = _remembered(partial(_of_words, is_folded=False))
_near_words = _remembered(partial(_of_words, is_folded=True))
_text = _remembered(partial(_of_text, is_folded=False))
_near_text = _remembered(partial(_of_text, is_folded=True))


def _parts(pattern: str, separator: str) -> list[str]:
    """Split at the separators that no backslash stands before."""
    parts, is_taken_as_it_is = [""], False
    for character in pattern:
        if character == separator and not is_taken_as_it_is:
            parts.append("")
            continue
        parts[-1] += character
        is_taken_as_it_is = character == "\\" and not is_taken_as_it_is
    return parts


def _pieces(part: str, *, is_folded: bool) -> _Segment:
    """Text and stars, in turn."""
    found: list[str | None] = []
    for match in re.finditer(r"\\(.)|(\*)|([^*\\]+|\\)", part, re.DOTALL):
        if match[2]:
            found.append(_STAR)
            continue
        text = match[1] or match[3]
        if found and found[-1] is not None:
            found[-1] += text
        else:
            found.append(text)
    return tuple(piece and folded(piece) if is_folded else piece for piece in found)


def _segment(pieces: _Segment, any_one: str) -> str:
    """The expression for one name or word."""
    stars = sum(piece is _STAR for piece in pieces)
    out: list[str] = []
    is_after_star = False
    for piece in pieces:
        if piece is _STAR:
            stars -= 1
            if not is_after_star:
                out.append("")
            is_after_star = True
            continue
        text = re.escape(piece or "")
        if is_after_star:
            # The last star may give back; each before it stays where it first found its text.
            out[-1] = f"(?>{any_one}*?{text})" if stars else f"{any_one}*{text}"
        else:
            out.append(text)
        is_after_star = False
    if is_after_star:
        out[-1] = f"{any_one}*"
    return "".join(out)


def _whole(
    segments: list[_Segment], many: list[bool], separator: str, *, needs_last: bool
) -> re.Pattern[str]:
    """The expression for all of it; each name or word has a separator after it."""
    any_one = f"[^{separator}]"
    some = f"(?:{any_one}*{separator})"
    out: list[str] = []
    chunk = ""
    is_open = False  # Whether any number of names or words may stand before the chunk.
    for pieces, is_many in zip(segments, many, strict=True):
        if not is_many:
            chunk += _segment(pieces, any_one) + separator
            continue
        out.append(f"(?>{some}*?{chunk})" if is_open and chunk else chunk)
        chunk, is_open = "", True
    if is_open and not chunk and needs_last:
        out.append(f"{some}+")
    else:
        out.append(f"{some}*{chunk}" if is_open else chunk)
    return re.compile("".join(out), re.DOTALL)
