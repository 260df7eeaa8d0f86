"""What looks like a key does not leave."""

import json

import pytest
from hypothesis import given, strategies as st

from steward.core.redact import redact

# Built from parts, so that no scanner takes this file for a leak.
SECRETS = {
    "anthropic key": "sk-ant-" + "api03-" + "a1B2" * 8,
    "openai key": "sk-" + "proj-" + "Zz9_" * 8,
    "github token": "ghp_" + "a1B2" * 9,
    "steward token": "stw_" + "a1B2-_c" * 6 + "d",
    "aws key": "AKIA" + "IOSFODNN7EXAMPLE",
    "google key": "AIza" + "Sy" + "a" * 33,
    "slack token": "xoxb-" + "1234567890-abcdef",
    "json web token": ".".join(("eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxMjM0NTY3ODkwIn0", "abcdefgh")),
    "private key": "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----",
}


@pytest.mark.parametrize("kind", SECRETS)
def test_a_key_is_replaced_by_the_name_of_its_kind(kind: str) -> None:
    text = f"before\nvalue {SECRETS[kind]}\nafter"
    assert redact(text) == f"before\nvalue <redacted {kind}>\nafter"


@pytest.mark.parametrize("kind", SECRETS)
@given(
    before=st.text(alphabet="ab =:'\"\n", max_size=20),
    after=st.text(alphabet=" \n'\")", max_size=20),
)
def test_a_key_is_found_wherever_it_stands(kind: str, before: str, after: str) -> None:
    assert SECRETS[kind] not in redact(f"{before} {SECRETS[kind]} {after}")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('password = "hunter2hunter2"', 'password = "<redacted secret>"'),
        ("'api_key': 'abcdefgh'", "'api_key': '<redacted secret>'"),
        ('"API-KEY":"abcdefgh"', '"API-KEY":"<redacted secret>"'),
        ("postgres://ann:s3cret@db/x", "postgres://<redacted password in a URL>@db/x"),
    ],
)
def test_a_secret_loses_its_value_and_keeps_its_name(text: str, wanted: str) -> None:
    assert redact(text) == wanted


def test_the_arguments_of_a_tool_stay_json() -> None:
    arguments = json.dumps({"path": "a.py", "new_text": 'PASSWORD = "hunter2hunter2"\n'})
    assert json.loads(redact(arguments)) == {
        "path": "a.py",
        "new_text": 'PASSWORD = "<redacted secret>"\n',
    }


@pytest.mark.parametrize(
    "text",
    [
        "def add(a, b):\n    return a + b\n",
        "password = input()",
        "token = tokens[index]",
        "see https://example.org/a:b",
        "disk-usage and task-force",
    ],
)
def test_ordinary_code_is_left_as_it_is(text: str) -> None:
    assert redact(text) == text


def test_a_long_text_with_many_openings_takes_no_time() -> None:
    # A pattern that backtracks would take minutes here; the suite's timeout is the judge.
    for opening in ("-----BEGIN PRIVATE KEY-----", "password = '", "eyJaaaaaaaaaa.", "://a"):
        redact(opening * 5_000)
