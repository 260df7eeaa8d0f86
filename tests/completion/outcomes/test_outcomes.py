"""What becomes of a suggestion is read from the edits, and each has exactly one outcome."""

from steward.completion.outcomes.tally import Counts
from tests.completion.outcomes.desk import Desk

SUM = "return a + b"
BLOCK = "total = a + b\n    print(total)\n    return total"


def test_what_is_inserted_in_one_edit_is_accepted() -> None:
    desk = Desk()
    desk.offer(SUM)
    desk.put(SUM)
    assert desk.outcome() == "accepted"
    counts = desk.counts()
    assert (counts.accepted_characters, counts.accepted_lines, counts.shown) == (12, 1, 1)
    assert (counts.offered_characters, counts.offered_lines) == (12, 1)


def test_what_is_accepted_after_some_keys_along_it_is_accepted_without_these() -> None:
    desk = Desk()
    id_ = desk.offer(SUM)
    for typed in range(1, 4):
        desk.type(SUM[typed - 1])
        desk.offer(SUM[typed:], id_=id_)
    desk.put(SUM[3:])
    assert desk.outcome() == "accepted"
    assert desk.counts().accepted_characters == 9


def test_what_is_typed_to_its_end_was_not_accepted() -> None:
    desk = Desk()
    desk.offer(SUM)
    desk.type(SUM)
    assert desk.outcome() == "typed"
    assert desk.counts().accepted_characters == 0


def test_words_and_lines_that_are_accepted_are_a_part() -> None:
    desk = Desk()
    desk.offer(BLOCK)
    desk.put("total")
    desk.put(" = a")
    desk.type(" ")
    desk.type("-")
    assert desk.outcome() == "partly"
    counts = desk.counts()
    assert (counts.accepted_characters, counts.accepted_lines) == (9, 1)


def test_a_word_after_the_other_to_the_end_is_accepted_whole() -> None:
    desk = Desk()
    desk.offer(SUM)
    for word in ("return", " a", " +", " b"):
        desk.put(word)
    assert desk.outcome() == "accepted"
    assert desk.counts().accepted_characters == 12


def test_half_a_word_in_one_edit_was_typed_quickly() -> None:
    desk = Desk()
    desk.offer(SUM)
    desk.wait(1)
    desk.put("ret")
    desk.type("x")
    assert desk.outcome() == "rejected"


def test_another_text_rejects_what_could_be_read() -> None:
    desk = Desk()
    desk.offer(SUM)
    desk.wait(0.8)
    desk.type("x")
    assert desk.outcome() == "rejected"


def test_what_is_gone_at_once_was_not_seen() -> None:
    desk = Desk()
    desk.offer(SUM)
    desk.wait(0.7)
    desk.type("x")
    assert desk.outcome() == "unseen"
    assert desk.counts().shown == 0


def test_keys_along_a_suggestion_add_up_to_the_time_that_it_is_visible() -> None:
    desk = Desk()
    id_ = desk.offer(SUM)
    for typed in range(1, 5):
        desk.wait(0.2)
        desk.type(SUM[typed - 1])
        desk.offer(SUM[typed:], id_=id_)
    desk.type("x")
    assert desk.outcome() == "rejected"


def test_a_rejection_counts_after_ten_seconds_and_not_where_the_suggestion_comes_back() -> None:
    desk = Desk()
    desk.offer(SUM)
    desk.wait(1)
    desk.type("x")
    desk.wait(9.9)
    assert desk.counts() == Counts()
    line, column = desk.cursor
    desk.edit((line, column - 1), (line, column), "")
    desk.offer(SUM)
    desk.put(SUM)
    assert desk.outcome() == "accepted"


def test_deleting_what_stands_before_it_rejects_it() -> None:
    desk = Desk()
    desk.offer(SUM)
    desk.wait(1)
    desk.edit((1, 3), (1, 4), "")
    desk.wait(11)
    assert desk.counts().rejected == 1


def test_a_request_elsewhere_in_the_document_takes_it_off_the_screen() -> None:
    desk = Desk()
    desk.offer(SUM)
    desk.wait(0.1)
    desk.outcomes.asked(desk.uri, (0, 3))
    desk.wait(100)
    assert desk.counts().unseen == 1


def test_an_edit_elsewhere_moves_it_along() -> None:
    desk = Desk()
    desk.offer(SUM)
    desk.edit((0, 0), (0, 0), "import os\n\n")
    desk.cursor = (3, 4)
    desk.put(SUM)
    assert desk.outcome() == "accepted"


def test_an_edit_right_before_it_on_its_line_moves_it_along() -> None:
    desk = Desk("x = \n")
    desk.cursor = (0, 4)
    desk.offer(SUM)
    desk.edit((0, 0), (0, 1), "number")
    desk.cursor = (0, 9)
    desk.put(SUM)
    assert desk.outcome() == "accepted"


def test_what_the_editor_closed_by_itself_is_no_other_text() -> None:
    desk = Desk("print\n")
    desk.cursor = (0, 5)
    id_ = desk.offer("(add(1, 2))")
    desk.put("()")
    desk.cursor = (0, 6)
    desk.offer("add(1, 2))", replaces=1, id_=id_)
    desk.put("add(1, 2))", 1)
    assert desk.outcome() == "accepted"
    assert desk.lines.text == "print(add(1, 2))\n"


def test_a_replaced_rest_of_the_line_is_accepted_with_the_text() -> None:
    desk = Desk("add(a, )\n")
    desk.cursor = (0, 7)
    desk.offer("b) + 1", replaces=1)
    desk.put("b) + 1", 1)
    assert desk.lines.text == "add(a, b) + 1\n"
    assert desk.outcome() == "accepted"


def test_the_editors_own_word_counts_where_its_edits_cannot_be_understood() -> None:
    desk = Desk("add(a, )\n")
    desk.cursor = (0, 7)
    id_ = desk.offer("b) + 1", replaces=1)
    desk.edit((0, 8), (0, 8), " + 1")  # It leaves what is equal alone.
    desk.edit((0, 7), (0, 7), "b")
    assert desk.outcomes.accepted(id_)
    assert desk.outcome() == "accepted"
    assert desk.counts().accepted_characters == 6


def test_an_editor_that_sends_its_whole_text_is_understood() -> None:
    desk = Desk("def add(a, a):\n    a\n    a\n")
    desk.cursor = (1, 4)
    desk.offer("a = ")
    before = desk.lines.text
    new = before.replace("    a\n", "    a = a\n", 1)
    desk.edit((0, 0), desk.lines.end, new)
    assert desk.outcome() == "accepted"


def test_lines_that_end_with_crlf_are_followed() -> None:
    desk = Desk("def add(a, b):\r\n    \r\n")
    desk.offer(BLOCK)
    desk.put(BLOCK.replace("\n", "\r\n"))
    assert desk.outcome() == "accepted"
    counts = desk.counts()
    assert (counts.kept_15_s, counts.kept_600_s) == (0, 1)


def test_the_editors_own_word_makes_an_acceptance_certain() -> None:
    desk = Desk()
    id_ = desk.offer("x")
    desk.put("x")  # One key would have done the same.
    assert desk.outcomes.accepted(id_)
    assert desk.outcome() == "accepted"
    assert not desk.outcomes.accepted(id_)
    assert not desk.outcomes.accepted("nobody")


def test_one_that_is_put_away_by_hand_was_seen_unless_it_had_just_come() -> None:
    for seconds, outcome in ((0.2, "unseen"), (0.3, "rejected")):
        desk = Desk()
        id_ = desk.offer(SUM)
        desk.wait(seconds)
        assert desk.outcomes.dismissed(id_)
        assert desk.outcome() == outcome


def test_what_stays_is_looked_at_five_times() -> None:
    desk = Desk()
    desk.offer(BLOCK)
    desk.put(BLOCK)
    for seconds in (15, 15, 90, 180, 300):
        desk.wait(seconds)
    counts = desk.counts()
    looks = [getattr(counts, f"looked_{after}_s") for after in (15, 30, 120, 300, 600)]
    kept = [getattr(counts, f"kept_{after}_s") for after in (15, 30, 120, 300, 600)]
    assert (looks, kept) == ([1] * 5, [1] * 5)
    assert desk.outcomes.due_s is None


def test_what_is_changed_a_little_stays_and_what_is_taken_back_does_not() -> None:
    desk = Desk()
    desk.offer(BLOCK)
    desk.put(BLOCK)
    desk.wait(15)
    desk.edit((0, 0), (0, 0), "# Sums.\n")
    desk.edit((3, 10), (3, 15), "a, b, total")
    desk.wait(15)
    desk.edit((2, 4), (4, 16), "")
    desk.wait(90)
    counts = desk.counts()
    assert (counts.kept_15_s, counts.kept_30_s, counts.kept_120_s) == (1, 1, 0)
    assert counts.looked_120_s == 1


def test_what_nobody_can_look_at_is_not_counted_as_kept() -> None:
    desk = Desk()
    desk.offer(SUM)
    desk.put(SUM)
    desk.lines = desk.lines.__class__("something else came whole\n" * 3)
    desk.wait(15)
    assert desk.counts().looked_15_s == 0
    desk = Desk()
    desk.offer(SUM)
    desk.put(SUM)
    desk.outcomes.text_between = lambda _uri, _start, _end: None
    desk.wait(15)
    assert desk.counts().looked_15_s == 0


def test_whoever_rewrites_a_long_document_is_not_followed() -> None:
    desk = Desk("x = 1\n" * 40_000)
    desk.offer(SUM)
    desk.put(SUM)
    desk.offer("y")
    desk.edit((0, 0), desk.lines.end, desk.lines.text + "z")
    desk.wait(15)
    counts = desk.counts()
    assert (counts.accepted, counts.unseen, counts.looked_15_s) == (1, 1, 0)


def test_looks_that_were_slept_through_were_not_made() -> None:
    desk = Desk()
    desk.offer(SUM)
    desk.put(SUM)
    desk.wait(130)
    counts = desk.counts()
    assert (counts.looked_15_s, counts.looked_30_s, counts.looked_120_s) == (0, 0, 1)


def test_a_times_parts_are_added_up_where_a_model_was_asked() -> None:
    desk = Desk()
    desk.offer(SUM)
    desk.outcome()
    counts = desk.counts()
    parts = (counts.wait_ms, counts.context_ms, counts.network_ms, counts.rest_ms)
    assert (counts.asked, parts, counts.within_200_ms) == (1, (40, 10, 120, 2), 1)
    desk = Desk()
    desk.offer(SUM, origin="known")
    desk.outcome()
    assert (desk.counts().asked, desk.counts().network_ms) == (0, 0)


def test_the_end_of_a_window_counts_what_is_open() -> None:
    desk = Desk()
    desk.offer(SUM)
    desk.put("return")
    desk.outcomes.finish()
    assert desk.counts().partly == 1
    assert desk.outcomes.due_s is None


def test_no_more_is_remembered_than_so_much() -> None:
    desk = Desk()
    for number in range(1000):
        desk.uri = f"file:///w/{number}.py"
        desk.lines = desk.lines.__class__("\n")
        desk.cursor = (0, 0)
        desk.offer(SUM)
        if number % 2:
            desk.put(SUM)
    held = desk.outcomes
    assert len(held._shown) <= 64
    assert len(held._gone) <= 256
    assert len(held._accepted) <= 200
    held.finish()
    assert desk.counts().offered == 1000
    assert desk.counts().accepted == 500
