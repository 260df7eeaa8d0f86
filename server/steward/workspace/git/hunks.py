"""The difference between two texts for a model: several hunks, within a bounded effort."""

from difflib import unified_diff as unified

from steward.core.agent_limits import GIT_DIFF_LINES_MAX
from steward.workspace.diff import changed_region, unified_diff
from steward.workspace.lines import split_lines
from steward.workspace.reveal import reveal


def hunks(old_name: str | None, new_name: str | None, before: str, after: str) -> str:
    """The change as a unified diff, hidden characters spelled out; names as `unified_diff` takes.

    The search for the smallest difference takes time with the square of what changed, so where
    much did, it is one hunk.
    """
    region = changed_region(before, after)
    is_much = max(region.end - region.start, len(region.new)) > GIT_DIFF_LINES_MAX
    if is_much or old_name is None or new_name is None:
        return unified_diff(old_name, new_name, before, after)
    lines = unified(split_lines(before), split_lines(after), old_name, new_name, lineterm="\n")
    return "".join(map(_shown, lines))


def _shown(line: str) -> str:
    text = line.removesuffix("\n").removesuffix("\r")
    end = "" if line.endswith(("\n", "\r")) else "\\ No newline at end of file\n"
    return f"{reveal(text)[0]}\n{end}"
