"""What looks like a key does not leave."""

import json
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

import steward
from steward.core.redact import redact, redact_around, redact_private_keys

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
        ('password = "hunter2hunter2', 'password = "<redacted secret>'),
        ("apiKey: 'abcdefgh \nx = 1", "apiKey: '<redacted secret> \nx = 1"),
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


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("password: hunter2hunter2\n", "hunter2hunter2"),
        ("  db_password = hunter2hunter2  # old\n", "hunter2hunter2"),
        ("spring.datasource.password=Tr0ub4dor&3\r\n", "Tr0ub4dor&3"),
        ("export API_KEY=abcdef123456", "abcdef123456"),
        ("conf.yml:12: clientSecret: abc123def456\nnext", "abc123def456"),
        ("- secret-key: 0123456789abcdef/+=\n", "0123456789abcdef/+="),
    ],
)
def test_a_secret_without_quotes_is_taken_out(text: str, value: str) -> None:
    assert redact(text) == text.replace(value, "<redacted password>")


@pytest.mark.parametrize(
    "text",
    [
        "password = settings2.password_of_db1",
        "login(password=hash1234567)",
        "password: str1 = other_value",
        "secret: ${APP_SECRET_1}",
        "api_key = os.environ[KEY1]",
        "if key == stored_key_1:",
        "access_key: https://example.org/a1",
        "password: correcthorse",
        "secret = 'short1'",
    ],
)
def test_what_is_no_value_without_quotes_is_left_as_it_is(text: str) -> None:
    assert redact(text) == text


def test_no_file_of_the_server_looks_like_a_secret_without_quotes() -> None:
    for file in Path(steward.__file__).parent.rglob("*.py"):
        assert "<redacted password>" not in redact(file.read_text("utf-8"))


def test_a_long_text_with_many_openings_takes_no_time() -> None:
    # A pattern that backtracks would take minutes here; the suite's timeout is the judge.
    for opening in ("-----BEGIN PRIVATE KEY-----", "password = '", "eyJaaaaaaaaaa.", "://a"):
        redact(opening * 5_000)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('password = "hunter2hunter2\nx = 1', 'password = "<redacted secret>\nx = 1'),
        ('password = "hunter2hunter2 \r\n', 'password = "<redacted secret> \r\n'),
        ('title = "password: \'something that people read"', None),
    ],
)
def test_a_quote_that_is_not_closed_ends_with_its_line(text: str, wanted: str | None) -> None:
    assert redact(text) == (wanted or text)


def test_a_private_key_is_taken_out_line_for_line() -> None:
    text = f"one\n{SECRETS['private key']}\nsix\n"
    assert redact_private_keys(text).split("\n") == [
        *("one", "<redacted private key>", "", "", "", "six", "")
    ]
    half = SECRETS["private key"].partition("abc")[0]
    assert redact_private_keys(half) == "<redacted private key>\n\n"
    assert redact_private_keys("one\ntwo") == "one\ntwo"


@pytest.mark.parametrize("kind", sorted(set(SECRETS) - {"private key"}))
def test_a_key_on_both_sides_of_a_place_is_taken_from_both(kind: str) -> None:
    key = SECRETS[kind]
    for at in range(1, len(key)):
        before, after = redact_around(f"one\nx = '{key[:at]}", f"{key[at:]}'\ntwo")
        assert (before, after) == (f"one\nx = '<redacted {kind}>", "'\ntwo")


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        ('password = "hun', 'ter2")\n', ('password = "<redacted secret>', '")\n')),
        ('password = "hun', ", total=1)\n", ('password = "<redacted secret>', ", total=1)\n")),
        ('password = "', '"\n', ('password = "', '"\n')),
        ('password = "a b', '"\n', ('password = "a b', '"\n')),
        ("x = 1", "\ny", ("x = 1", "\ny")),
    ],
)
def test_a_secret_that_is_being_written_is_taken_out(
    before: str, after: str, wanted: tuple[str, str]
) -> None:
    assert redact_around(before, after) == wanted
