"""`python -m benchmarks.quality_page [--write]`: is an answer cut where it should be?"""

import argparse
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime

from benchmarks import corpora, page, quality
from benchmarks.holes import KINDS
from benchmarks.measure import p99_of
from benchmarks.overruns import OVERRUNS
from benchmarks.quality import LANGUAGES, Outcome, kept, of, overruns, share

_CUT, _KEPT = 0.98, 0.99


def main() -> None:
    """Measure everything once; leave with 1 when a limit is not held."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality_page", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"also write into {page.PAGE.name}")
    parser.add_argument("--tuning", action="store_true", help="on the packages it was tuned on")
    options = parser.parse_args()
    found = quality.measured(is_held_out=not options.tuning)
    text = _section(found, datetime.now(UTC).date())
    print(text)
    if options.write:
        page.write_section(page.QUALITY_HEADING, text)
    sys.exit(share(overruns(found)) < _CUT or share(kept(found)) < _KEPT)


def _section(found: Sequence[Outcome], today: date) -> str:
    times = sorted(outcome.took_ms for outcome in found)
    return f"""
Written by `make quality WRITE=1` on {today.isoformat()}; do not edit.

An oracle in the model's place knows what stood in a hole and answers with it, or with it and too
much. Right is what leaves the document as it was before the hole was cut, up to white space at the
ends of lines.

{_by_language(found)}
One answer is made to fit in {times[len(times) // 2]:.1f} ms of processor time (p50), \
{p99_of(times):.1f} ms (p99). Measured on: {page.machine()}.

Overruns cut exactly, and right answers kept, by kind of hole:

{_by_kind(found)}
Answers that led to the right text, by what the oracle added:

{_by_overrun(found)}
- *Holes* are cut where the language's grammar sees a statement, a call, a block or a function, from
  released packages under permissive licences: {_packages(is_held_out=True)}. The code
  was tuned on others: {_packages(is_held_out=False)}. Versions and checksums stand in
  `benchmarks/packages.toml`. The same seed cuts the same holes.
- *Following lines* are the next 1 to 12 of the document; *changed lines* the next 2 to 12, with one
  name changed everywhere or with other spaces around signs; a *runaway function* leaves the block,
  closes what is open and goes on with a function from elsewhere; *brackets again* are those that
  the document has already; a *fence* wraps the answer, at times with a sentence behind it; an
  *echo* writes the line of the cursor, or the one above, once more.
- An overrun that is a likely next statement of the same block, and that the document does not have,
  cannot be told from an answer, so none is used. A changed line that is the only one of its block
  is as good as undecidable, and is counted as missed; so is a right answer whose end the document
  really has twice.
- The oracle's answer comes in pieces of four characters, and reading stops where enough has come.
"""


def _by_language(found: Sequence[Outcome]) -> str:
    lines = [
        [
            language or "all",
            f"{len(kept(some)):,}",
            f"{len(overruns(some)):,}",
            _percent(share(overruns(some))),
            _percent(share(kept(some))),
        ]
        for language in (*LANGUAGES, None)
        for some in [of(found, language=language)]
    ]
    is_held = share(overruns(found)) >= _CUT and share(kept(found)) >= _KEPT
    held = "held" if is_held else "**not held**"
    limits = [f"limit ({held})", "", "", _percent(_CUT), _percent(_KEPT)]
    return _table(["", "holes", "overruns", "cut exactly", "right answers kept"], [*lines, limits])


def _by_kind(found: Sequence[Outcome]) -> str:
    return _table(
        ["", *LANGUAGES],
        [
            [kind]
            + [
                f"{_percent(share(overruns(some)))}, {_percent(share(kept(some)))}"
                for language in LANGUAGES
                for some in [of(found, language=language, kind=kind)]
            ]
            for kind in KINDS
        ],
    )


def _by_overrun(found: Sequence[Outcome]) -> str:
    return _table(
        ["", *LANGUAGES],
        [
            ["nothing" if overrun == "none" else overrun]
            + [
                _percent(share(some)) if some else ""
                for language in LANGUAGES
                for some in [of(found, language=language, overrun=overrun)]
            ]
            for overrun in OVERRUNS
        ],
    )


def _packages(*, is_held_out: bool) -> str:
    return ", ".join(
        f"{package.name} {package.version} ({package.licence})"
        for package in corpora.PACKAGES
        if package.is_held_out == is_held_out
    )


def _percent(part: float) -> str:
    return f"{part * 100:.1f} %"


def _table(head: list[str], body: Iterable[list[str]]) -> str:
    lines = [head, *body]
    widths = [max(len(line[at]) for line in lines) for at in range(len(head))]
    rule = ["-" * width for width in widths]
    return "".join(
        "| " + " | ".join(cell.ljust(at) for cell, at in zip(line, widths, strict=True)) + " |\n"
        for line in [head, rule, *lines[1:]]
    )


if __name__ == "__main__":
    main()
