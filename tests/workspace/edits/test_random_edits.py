"""Random edits: what is made from two texts gives the second, and nothing lands elsewhere."""

import difflib

from hypothesis import assume, given, settings, strategies as st

from steward.core.errors import InvalidInputError
from steward.workspace.edits.apply import Blocks, Edits, Patch, Whole, apply
from steward.workspace.edits.block import Block
from steward.workspace.lines import split_lines

WORDS = ("alpha", "beta", "gamma = 1", "return delta", "}", "", "    x()", "\ty()", "é “q”")
ENDS = ("\n", "\r\n", "\r")
BODIES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=12)
NAMES = st.sampled_from(("load", "save", "open", "close"))


def ended(bodies: list[str], ends: list[str]) -> str:
    return "".join(body + ends[at % len(ends)] for at, body in enumerate(bodies))


def tried(text: str, edits: Edits) -> tuple[str | None, str]:
    """What the text becomes, or why it was refused."""
    try:
        return apply(text, edits), ""
    except InvalidInputError as refusal:
        return None, str(refusal)


@settings(max_examples=150, deadline=None)
@given(BODIES, BODIES, st.sampled_from(ENDS))
def test_a_diff_made_of_two_texts_gives_the_second_or_is_refused(
    old: list[str], new: list[str], end: str
) -> None:
    assume(old != new)
    before, after = ended(old, [end]), ended(new, [end])
    olds, news = ([f"{line}\n" for line in lines] for lines in (old, new))
    diff = "".join(difflib.unified_diff(olds, news, "a/x", "b/x"))
    made, refusal = tried(before, Patch(diff))
    assert made == after or "fits at lines" in refusal


@settings(max_examples=150, deadline=None)
@given(BODIES, BODIES, st.lists(st.sampled_from(ENDS), min_size=1, max_size=3), st.data())
def test_a_block_changes_its_lines_and_no_byte_beside_them(
    old: list[str], new: list[str], ends: list[str], data: st.DataObject
) -> None:
    before = ended(old, ends)
    lines = split_lines(before)
    # A CR may have met an LF, or have become one of two line ends.
    assume([line.rstrip("\r\n") for line in lines] == old)
    first = data.draw(st.integers(0, len(old) - 1))
    last = data.draw(st.integers(first + 1, len(old)))
    wanted = "".join(f"{line}\n" for line in old[first:last])
    instead = "".join(f"{line}\n" for line in new)
    made, refusal = tried(before, Blocks((Block(wanted, instead),)))
    assert made is not None or "occurs" in refusal or "would change" in refusal
    if made is None:
        return
    head, tail = "".join(lines[:first]), "".join(lines[last:])
    assert made.startswith(head)
    assert made.endswith(tail)
    middle = made[len(head) : len(made) - len(tail)]
    assert [line.rstrip("\r\n") for line in split_lines(middle)] == new


@given(BODIES, BODIES, st.sampled_from(ENDS), st.booleans())
def test_a_whole_text_keeps_the_ends_of_the_old_one(
    old: list[str],
    new: list[str],
    end: str,
    has_final: bool,
) -> None:
    before, after = ended(old, [end]), ended(new, [end])
    if not has_final:
        before, after = before.removesuffix(end), after.removesuffix(end)
    assume(before not in ("", after) and end in before and after)
    assume(before.endswith(end) == after.endswith(end) == has_final)
    assert apply(before, Whole(ended(new, ["\n"]))) == after


def function(name: str, value: int, depth: int) -> list[str]:
    pad = " " * depth
    return [
        f"{pad}def {name}(self, path):",
        f"{pad}    with guard(path) as file:",
        f"{pad}        first = file.read({value})",
        f"{pad}        return first.strip()",
        "",
    ]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(NAMES, st.integers(0, 2), st.sampled_from((0, 4))), min_size=2, max_size=8),
    st.data(),
)
def test_a_drifted_block_among_others_like_it_lands_at_its_place_or_nowhere(
    functions: list[tuple[str, int, int]], data: st.DataObject
) -> None:
    blocks = [function(*one) for one in functions]
    target = data.draw(st.integers(0, len(blocks) - 1))
    copied = [line[functions[target][2] :] for line in blocks[target]]
    drift = data.draw(
        st.sampled_from(("", "file.read", "guard", "strip", "path)", "first.", "trailing"))
    )
    drifted = [
        f"{line}  "
        if drift == "trailing"
        else line.replace(drift, f"{drift[:-1]}X")
        if drift
        else line
        for line in copied
    ]
    news = [*drifted[:2], "        log(path)", *drifted[2:]]
    text = "".join(f"{line}\n" for block in blocks for line in block)
    # A copy without its indentation that stands at the margin elsewhere was copied from there.
    name, value, depth = functions[target]
    assume(depth == 0 or (name, value, 0) not in functions)
    made, _ = tried(text, Blocks((Block("\n".join(drifted), "\n".join(news)),)))
    if made is None:
        return
    at = sum(map(len, blocks[:target])) + 2
    lines = text.split("\n")
    logged = made.split("\n")
    expected = [*lines[:at], " " * functions[target][2] + "        log(path)", *lines[at:]]
    # Of two that are the same to the letter, nothing tells which was meant.
    assert blocks.count(blocks[target]) == 1
    assert logged == expected


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(NAMES, st.integers(0, 2), st.just(0)), min_size=2, max_size=6, unique=True),
    st.integers(0, 60),
    st.data(),
)
def test_a_hunk_with_a_stale_number_lands_at_its_place_or_nowhere(
    functions: list[tuple[str, int, int]], number: int, data: st.DataObject
) -> None:
    blocks = [function(*one) for one in functions]
    target = data.draw(st.integers(0, len(blocks) - 1))
    context = data.draw(st.integers(1, 3))
    lines = [line for block in blocks for line in block]
    at = 5 * target + 2
    before, after = lines[max(0, at - context) : at], lines[at + 1 : at + 1 + context]
    body = [f" {line}" for line in before] + [f"-{lines[at]}", "+        gone()"]
    body += [f" {line}" for line in after]
    diff = f"@@ -{number},7 +{number},7 @@\n" + "".join(f"{line}\n" for line in body)
    text = "".join(f"{line}\n" for line in lines)
    made, _ = tried(text, Patch(diff))
    if made is None:
        return
    assert made.split("\n")[:-1] == [*lines[:at], "        gone()", *lines[at + 1 :]]
