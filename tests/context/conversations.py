"""Long conversations at random, and what must be left of them whatever the room."""

import json

from hypothesis import strategies as st

from steward.context.turn import Decision, Turn
from steward.core.origin import Origin
from steward.gateway.request import ToolCall

WORDS = st.sampled_from(("alpha", "beta", "gamma", "δέλτα", "🙂", "x" * 300))


@st.composite
def results(draw: st.DrawFn) -> str:
    """What a call brought: from nothing to some thousand tokens."""
    word, lines = draw(WORDS), draw(st.integers(0, 300))
    return "".join(f"{word} {number}\n" for number in range(lines))


@st.composite
def a_turn(draw: st.DrawFn) -> Turn:
    number = draw(st.integers(0, 10**6))
    count = draw(st.integers(0, 4))
    said: list[Decision] = []
    texts: list[str] = []
    origins: list[Origin] = []
    for index in range(count):
        text = draw(results())
        match draw(st.sampled_from(("data", "data", "changed", "refused"))):
            case "changed":
                said.append(Decision(f"Changed file{number}_{index}.py (read back)."))
                origins.append("tool")
            case "refused":
                text = f"The person refused it. They said: reason {number} {index} {'why ' * 20}"
                said.append(Decision(text, is_said=True))
                origins.append("person")
            case _:
                origins.append("repository")
        texts.append(text)
    return Turn(
        draw(WORDS) * draw(st.integers(0, 40)),
        tuple(
            ToolCall(
                f"{number}-{index}",
                draw(st.sampled_from(("read_file", "search", "edit_file"))),
                json.dumps({"path": "a.py", "text": draw(WORDS) * draw(st.integers(0, 60))}),
            )
            for index in range(count)
        ),
        tuple(texts),
        tuple(origins),
        tuple(said),
    )


CONVERSATIONS = st.lists(a_turn(), max_size=25)
