"""Which files tell agents what to do for one place, as Markdown."""

from collections.abc import Sequence

from steward.context.instructions.instruction import InstructionFile
from steward.workspace.markdown import code, inline


def instructions_page(files: Sequence[InstructionFile]) -> str:
    """The files in the order in which they count, and why one does not."""
    lines = ["# What agents are told here", ""]
    if not files:
        lines += ["No file tells agents anything here, such as `AGENTS.md`.", ""]
        return "\n".join(lines)
    lines += ["The nearest comes first, and counts where two disagree.", ""]
    lines += ["| file | whose words | bytes | counts |", "| --- | --- | ---: | --- |"]
    lines += [
        f"| {code(file.path)} | {_whose(file)} | {file.bytes:,} | {_counts(file)} |"
        for file in files
    ]
    return "\n".join(lines) + "\n"


def _whose(file: InstructionFile) -> str:
    whose = "yours" if file.writer == "person" else "the repository's"
    return f"{whose}, named in {code(file.imported_by)}" if file.imported_by else whose


def _counts(file: InstructionFile) -> str:
    hidden = f"; {file.hidden} hidden characters are spelled out" if file.hidden else ""
    return f"yes{hidden}" if file.counts else f"no: {inline(file.why_not)}"
