"""`python -m benchmarks.edit_page [--write]`: do edits land where they are meant?"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.edit_kinds import KINDS
from benchmarks.edit_quality import BARS, CASES, Outcome, of, outcomes, share
from benchmarks.edit_sources import LANGUAGES

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "edits.md"


def main() -> None:
    """Try every case once; leave with 1 when a limit is not held."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.edit_page", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"also write {PAGE.name}")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        found = asyncio.run(outcomes(Path(folder), CASES))
    text = _page(found, datetime.now(UTC).date())
    print(text)
    if options.write:
        PAGE.write_text(text, encoding="utf-8")
    sys.exit(not is_held(found))


def is_held(found: Sequence[Outcome]) -> bool:
    """Whether every group keeps its limit, and nothing is in a wrong place."""
    kept = all(share(of(found, group)) >= bar for group, bar in BARS.items())
    return kept and not share(found, "wrong")


def _page(found: Sequence[Outcome], today: date) -> str:
    return f"""\
# Edits land where they are meant, or nowhere

Written by `make quality WRITE=1` on {today.isoformat()}; do not edit.

A model copies a text from a file and says what stands there instead. It copies wrongly in ways of
its own: with other blanks, with numbers of lines, in a fence, or from a file that has changed
since. Steward looks for what was meant more and more leniently, and never chooses between two
places. What it does not find for certain it refuses, and it says what stands there instead, so
that one more attempt is enough.

{len(found):,} cases in {len(LANGUAGES)} languages went through the tools `edit_file` and
`change_files` with real files. Right is the one proposal that was meant, byte for byte, or a
refusal where there is nothing to place. Everything else that is proposed is in a wrong place.

{_by_group(found)}
{_by_kind(found)}
- *The steps*: the same text; the same lines but for blanks at their ends; the same shifted as a
  whole, or tabs for spaces; without blank lines around; typographic signs for plain ones; other
  white space anywhere; without numbers, fence, backslashes or HTML's names for signs; last, a few
  other words, where one place alone comes near and the change does not touch them.
- Lines that the model left alone stay as the file has them. The indentation of a line that it wrote
  has to be certain, and so has the place of a blank line; otherwise the edit is refused.
- *The hunks of a diff* are found by what they hold; their numbers decide nothing. Context may have
  changed at the ends of a hunk, but not where it still stands somewhere else in the file.
- *The cases* are generated, the same each time: files of functions, tables and sections that
  resemble each other, a true change of one of them, and what a model makes of it. A model that
  calls is not part of it: how often each kind occurs depends on the model.
- *A word beside the change is another* means that a person typed there since. Short texts are
  refused then more often than placed, because another place might come as near.
"""


def _by_group(found: Sequence[Outcome]) -> str:
    rows = [
        (group, some, _percent(share(some)), f"at least {_percent(bar)}")
        for group, bar in BARS.items()
        for some in [of(found, group)]
    ]
    lines = [
        f"| {group} | {len(some):,} | {right} | {bar} | {_percent(share(some, 'wrong'))} |"
        for group, some, right, bar in rows
    ]
    head = "| group | cases | right | limit | in a wrong place |\n|---|---|---|---|---|\n"
    held = "held" if is_held(found) else "**not held**"
    return head + "\n".join(lines) + f"\n\nThe limits are {held}; none may be in a wrong place.\n"


def _by_kind(found: Sequence[Outcome]) -> str:
    lines: list[str] = []
    for kind in KINDS:
        some = [outcome for outcome in found if outcome.kind is kind]
        wrong = _percent(share(some, "wrong"))
        lines.append(
            f"| {kind.group} | {kind.name} | {len(some)} | {_percent(share(some))} | {wrong} |"
        )
    head = "| group | kind | cases | right | in a wrong place |\n|---|---|---|---|---|\n"
    return head + "\n".join(lines) + "\n"


def _percent(part: float) -> str:
    return f"{part * 100:.1f} %"


if __name__ == "__main__":
    main()
