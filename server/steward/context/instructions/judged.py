"""Which of the files that were found count: pure, so that everybody judges alike.

The repository's words count only where the person trusts the folder and has said yes to exactly
these words; until then, and when a file was changed since, it is data like any other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from steward.context.instructions.instruction import InstructionFile
from steward.core.agent_limits import INSTRUCTION_FILES_MAX, INSTRUCTIONS_BYTES_MAX

UNTRUSTED = "you do not trust this folder; `steward trust` says that you do"
REFUSED = "you said no to these words"
_NEW = "nobody has said yes to these words yet; `steward trust` does"
_CHANGED = "it was changed since you said yes to it; `steward trust` says yes to it as it is now"


def judged(
    files: Sequence[InstructionFile],
    said: Mapping[str, tuple[str, bool]],
    *,
    is_trusted: bool,
) -> tuple[InstructionFile, ...]:
    """The same files in the same order, each with why it does not count, where it does not.

    `said`: path → the digest that the person was asked about, and whether they said yes.
    """
    marked = [_trusted(file, said, is_trusted=is_trusted) for file in files]
    return tuple(_bounded(_once(marked)))


def _trusted(
    file: InstructionFile, said: Mapping[str, tuple[str, bool]], *, is_trusted: bool
) -> InstructionFile:
    if not file.counts or file.writer == "person":
        return file
    if not is_trusted:
        return replace(file, why_not=UNTRUSTED)
    digest, is_yes = said.get(file.path, ("", False))
    if digest != file.digest:
        return replace(file, why_not=_CHANGED if digest else _NEW, is_new=True)
    return file if is_yes else replace(file, why_not=REFUSED)


def _once(files: Sequence[InstructionFile]) -> list[InstructionFile]:
    """The same words in two files count once, in the nearer one."""
    told: dict[str, str] = {}
    marked: list[InstructionFile] = []
    for file in files:
        words = " ".join(file.text.split())
        if file.counts and words in told:
            marked.append(replace(file, why_not=f"it says the same as {told[words]}"))
            continue
        if file.counts:
            told[words] = file.path
        marked.append(file)
    return marked


def _bounded(files: Sequence[InstructionFile]) -> list[InstructionFile]:
    taken = size = 0
    marked: list[InstructionFile] = []
    for file in files:
        why_not = ""
        if file.counts and taken >= INSTRUCTION_FILES_MAX:
            why_not = f"{INSTRUCTION_FILES_MAX} nearer files count already"
        elif file.counts and size + file.bytes > INSTRUCTIONS_BYTES_MAX:
            why_not = f"with the nearer ones it would be more than {INSTRUCTIONS_BYTES_MAX:,} bytes"
        elif file.counts:
            taken, size = taken + 1, size + file.bytes
        marked.append(replace(file, why_not=why_not or file.why_not))
    return marked
