"""No text of ours is run by the spreadsheet that opens it."""

import csv
import io

import pytest

from steward.core.csv_cell import plain_cell


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =1",
        "\u3000=1",
        "\uff1d1",
        "\uff20x",
    ],
)
def test_a_text_that_a_spreadsheet_would_run_begins_with_an_apostrophe(text: str) -> None:
    assert plain_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "a=1", "ann", "'=1", "2026-11-22", "\u05d0-1"])
def test_another_text_stays_as_it_is(text: str) -> None:
    assert plain_cell(text) == text


def test_a_number_stays_one_and_nothing_is_an_empty_cell() -> None:
    assert [plain_cell(-5), plain_cell(None), plain_cell(0.5)] == [-5, "", 0.5]


def test_quotes_and_line_breaks_stay_in_their_cell() -> None:
    cells = ['"a","b"', "a\nb", "a\r\nb", "a,b;c\td", "\u2028=1"]
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow([plain_cell(each) for each in cells])
    read = list(csv.reader(io.StringIO(out.getvalue(), newline="")))
    assert read == [[*cells[:-1], "'\u2028=1"]]
