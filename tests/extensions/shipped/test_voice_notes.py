"""Voice notes: transcripts, places that follow edits, and how notes are shown."""

from typing import Any

import pytest
from hypothesis import given, strategies as st

from tests.extensions.shipped.sdk import Shipped, World

SOURCE = (
    "import time\n"
    "\n"
    "def fetch(url):\n"
    "    for attempt in range(5):\n"
    "        answer = ask(url, attempt)\n"
    "        if answer.ok:\n"
    "            return answer\n"
    "    return None\n"
    "\n"
    "def store(answer):\n"
    "    keep(answer.text)\n"
    "    return None\n"
)
VTT = (
    "WEBVTT - a call\n\nNOTE nothing\n\n1\n00:01.500 --> 00:04.000 align:start\n"
    "<v Ann Lee>In src/app.py, line 5 this <b>retries</b> &amp; waits\n\n"
    "00:05.000 --> 00:06.000\n- for ever.\n\n"
    "01:00:07.000 --> 01:00:09.000\nBob: And app.py:11 too.\n"
)
transcript: Any = Shipped("voice-notes").module("transcript")
anchors: Any = Shipped("voice-notes").module("anchors")


def loaded(**config: Any) -> Shipped:
    return Shipped("voice-notes", World(files={"src/app.py": SOURCE}, config=config))


def at(line: int, last: int | None = None) -> dict[str, Any]:
    end = line if last is None else last
    return {
        "start": {"line": line, "character": 0},
        "end": {"line": end, "character": 0},
    }


def noted(extension: Shipped, line: int, text: str = "Retries for ever.") -> Shipped:
    extension.command("note-selection", {"text": text}, path="src/app.py", range=at(line))
    return extension


def lines_of(remarks: list[Any]) -> list[int]:
    return [each.range.start.line for each in remarks if each.code == "note"]


# --- Transcripts -------------------------------------------------------------------------------


def test_webvtt_is_read_with_times_and_speakers_and_without_markup() -> None:
    first, second, third = transcript.read(VTT)
    assert (first.start_s, first.speaker) == (1.5, "Ann Lee")
    assert first.text == "In src/app.py, line 5 this retries & waits"
    assert second.text == "- for ever."
    assert (third.start_s, third.speaker) == (3607.0, "Bob")


def test_subrip_is_read_also_where_an_empty_line_is_missing() -> None:
    text = (
        "1\r\n00:00:01,000 --> 00:00:02,000\r\n{\\an8}Hello <i>there</i>\r\n2\r\n"
        "00:00:03,500 --> 00:00:04,000\r\nand on\r\n"
    )
    cues = transcript.read(text)
    assert [(each.start_s, each.text) for each in cues] == [(1.0, "Hello there"), (3.5, "and on")]


def test_text_is_read_by_paragraphs_with_the_times_that_stand_before_them() -> None:
    cues = transcript.read("[0:05] Ann: first\ngoes on\n[1:02:03] second\n\nthird\n")
    assert [(each.start_s, each.speaker, each.text) for each in cues] == [
        (5.0, "Ann", "first goes on"),
        (3723.0, "", "second"),
        (None, "", "third"),
    ]
    shown = transcript.as_text(cues, 1000)
    assert shown == "[0:05] Ann: first goes on\n[1:02:03] second\nthird"


def test_what_a_live_transcript_repeats_is_said_once() -> None:
    text = "WEBVTT\n\n0:01.0 --> 0:02.0\nwe should\n\n0:02.0 --> 0:03.0\nwe should retry\n"
    (cue,) = transcript.read(text.replace("0:0", "00:0"))
    assert (cue.start_s, cue.text) == (1.0, "we should retry")


@given(st.text(max_size=300), st.booleans())
def test_no_transcript_makes_it_fail(text: str, is_timed: bool) -> None:
    cues = transcript.read(f"WEBVTT\n\n00:01.000 --> 00:02.000\n{text}" if is_timed else text)
    assert all(cue.text.strip() for cue in cues)
    assert len(transcript.as_text(cues, 100)) <= 100


# --- Places ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("edited", "line"),
    [
        (SOURCE, 4),
        ("# one\n# two\n" + SOURCE, 6),
        (SOURCE.replace("ask(url, attempt)", "ask(url, attempt, patience)"), 4),
        (SOURCE.replace("        answer = ", "            answer = "), 4),
        (SOURCE.replace("answer = ask(url, attempt)", "reply = await get(url)"), 4),
        (SOURCE.replace("import time\n\n", ""), 2),
    ],
)
def test_a_note_follows_its_line(edited: str, line: int) -> None:
    assert lines_of(noted(loaded(), 4).saved("src/app.py", edited)) == [line]


def test_of_two_lines_with_the_same_text_it_stays_with_its_neighbours() -> None:
    extension = noted(loaded(), 11)
    moved = "def first():\n    pass\n    return None\n\n" + SOURCE
    assert lines_of(extension.saved("src/app.py", moved)) == [15]


def test_a_note_whose_line_is_gone_is_lost_and_is_back_with_its_line() -> None:
    extension = noted(loaded(), 4)
    gone = "def quite():\n    raise Different\n"

    (remark,) = extension.saved("src/app.py", gone)
    assert remark.code == "lost"
    extension.command("list")
    assert extension.world.panels["notes"][1]["items"][0]["detail"] == "src/app.py:5"

    assert lines_of(extension.saved("src/app.py", SOURCE)) == [4]


def test_a_bracket_alone_is_not_taken_for_its_line() -> None:
    extension = Shipped("voice-notes", World(files={"a.js": "f(\n)\nalpha()\nbeta()\n"}))
    extension.command("note-selection", {"text": "x"}, path="a.js", range=at(1))
    (remark,) = extension.saved("a.js", "other()\nodd()\n)\nthing()\nmore()\n")
    assert remark.code == "lost"


def test_notes_follow_many_edits_one_after_another() -> None:
    extension = noted(loaded(), 4)
    text = SOURCE
    for number in range(30):
        text = f"# line {number}\n{text}" if number % 3 else text.replace("attempt", "attempt_", 1)
        (line,) = lines_of(extension.saved("src/app.py", text))
        assert "answer = ask" in text.split("\n")[line]


def test_a_note_on_an_empty_line_is_attached_to_the_next_that_is_not() -> None:
    assert lines_of(noted(loaded(), 1).saved("src/app.py", SOURCE)) == [2]


def test_notes_follow_a_file_that_is_moved() -> None:
    extension = noted(loaded(), 4)
    extension.hook("onWorkspaceChange", deleted=["src/app.py"], created=["lib/app.py"])
    assert lines_of(extension.saved("lib/app.py", SOURCE)) == [4]
    assert extension.saved("src/app.py", SOURCE) == []


@given(st.lists(st.sampled_from(["", "a", "def f():", "return 1", "}"]), max_size=30))
def test_an_anchor_is_on_a_line_of_the_text_or_lost(lines: list[str]) -> None:
    anchor = anchors.Text(SOURCE.split("\n")).anchored(4)
    found = anchors.Text(lines).found_again(anchor)
    assert found.is_lost or found.line < len(lines)
    fresh = anchors.Text(lines).anchored(3)
    assert anchors.Text(lines).found_again(fresh).is_lost or lines


# --- Commands ----------------------------------------------------------------------------------


def test_selected_words_become_a_note_that_is_a_hint_on_its_line() -> None:
    extension = loaded()
    said = extension.command(
        "note-selection", path="src/app.py", range=at(4), selection="Ann: this waits\ntoo long"
    )
    assert said is not None
    assert "line 5" in said
    (remark,) = extension.saved("src/app.py", SOURCE)
    assert (remark.severity, remark.message) == ("hint", "Ann: this waits too long")
    assert remark.range.start.character == 8


def test_the_only_transcript_is_attached_and_of_several_one_is_asked_for() -> None:
    extension = loaded()
    here: dict[str, Any] = {"path": "src/app.py", "range": at(4)}
    assert "No transcript" in (extension.command("attach-transcript", **here) or "")
    extension.world.files["transcripts/call.vtt"] = VTT
    assert "Noted" in (extension.command("attach-transcript", **here) or "")
    (remark,) = extension.saved("src/app.py", SOURCE)
    assert remark.message.startswith("[0:01] Ann Lee: In src/app.py")
    extension.world.files["transcripts/more.txt"] = "Well then."
    assert "There are 2 transcripts" in (extension.command("attach-transcript", **here) or "")
    named = extension.command("attach-transcript", {"transcript": "transcripts/more.txt"}, **here)
    assert "Noted" in (named or "")
    missing = extension.command("attach-transcript", {"transcript": "no.txt"}, **here)
    assert missing == "There is no no.txt."


def test_a_transcript_is_spread_over_the_places_that_it_names() -> None:
    extension = loaded()
    extension.world.files["call.vtt"] = VTT + "\n02:00:01.000 --> 02:00:02.000\nother.py:3 is odd\n"

    said = extension.command("spread-transcript", path="call.vtt")

    assert said is not None
    assert "2 notes were attached" in said
    assert "other.py:3" in said
    first, second = extension.saved("src/app.py", SOURCE)
    assert (first.range.start.line, second.range.start.line) == (4, 10)
    assert first.message.endswith("\n[0:05] - for ever.")


def test_notes_are_resolved_and_removed_by_their_line() -> None:
    extension = noted(noted(loaded(), 4), 10, "Keep it?")
    assert extension.command("resolve", path="src/app.py", range=at(4)) == "1 note was resolved."
    assert lines_of(extension.saved("src/app.py", SOURCE)) == [10]
    nothing = extension.command("remove", path="src/app.py", range=at(0))
    assert nothing == "There is no note on this line."
    both = extension.command("remove", path="src/app.py", range=at(0, 11))
    assert both == "2 notes were removed."
    assert extension.saved("src/app.py", SOURCE) == []
    assert extension.command("list") == "There are no notes."
    assert extension.world.storage == {"files": []}


def test_the_list_opens_the_places_and_the_export_is_proposed() -> None:
    extension = noted(loaded(), 4, "See [this](http://x) <img> `now`")
    extension.command("list")
    (item,) = extension.world.panels["notes"][0]["items"]
    assert (item["path"], item["line"]) == ("src/app.py", 4)

    extension.command("export")
    (change,) = extension.world.proposals[0]["changes"]
    assert change["path"] == "docs/voice-notes.md"
    assert "- **Line 5**" in change["new_text"]
    assert "> See \\[this\\](http://x) \\<img\\> \\`now\\`" in change["new_text"]


def test_a_model_that_sees_the_file_sees_its_open_notes() -> None:
    extension = noted(loaded(), 4)
    pieces = [{"id": "1", "kind": "file", "path": "src/app.py", "text": SOURCE, "tokens": 9}]

    (added,) = extension.stage("notes", task="agent", pieces=pieces).add
    assert added.text == "On line 5 (`answer = ask(url, attempt)`):\nRetries for ever."

    assert extension.stage("notes", task="ghost_text", pieces=pieces).add == ()
    extension.command("resolve", path="src/app.py", range=at(4))
    assert extension.stage("notes", task="agent", pieces=pieces).add == ()


def test_notes_of_a_file_are_bounded() -> None:
    extension = loaded()
    for _ in range(100):
        noted(extension, 4)
    said = extension.command("note-selection", {"text": "x"}, path="src/app.py", range=at(4))
    assert "100 notes already" in (said or "")
    noted(extension, 4, "y" * 9000)
    assert len(extension.saved("src/app.py", SOURCE)) == 100
