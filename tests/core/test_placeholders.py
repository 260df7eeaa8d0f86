"""Secrets leave as placeholders, and come back only where they stood."""

import pytest
from hypothesis import example, given, strategies as st

from steward.core.errors import InvalidInputError
from steward.core.placeholders import (
    hide,
    hide_values,
    holds_placeholder,
    key_of_run,
    restore,
    values_in,
)
from steward.core.redact import redact
from tests.attacks.canary import seen
from tests.core.test_redact import SECRETS

KEY = key_of_run(b"k" * 32, "run-1")
OTHER_RUN = key_of_run(b"k" * 32, "run-2")
KNOWN = "correct horse/battery+staple"

SHAPES = [
    "before {} after\n",
    'API_KEY = "{}"\n',
    "url = https://ann:{}@example.org/x\n",
    "    nested: [{}]\r\n",
]
secrets = st.sampled_from(sorted(SECRETS.values()))
plain = st.text(alphabet="ab\n =:'\"<>#/@.", max_size=30)


@st.composite
def sources(draw: st.DrawFn) -> str:
    """A file with secrets in the usual places, between anything else."""
    pieces = [draw(plain)]
    for _ in range(draw(st.integers(0, 4))):
        secret = draw(st.one_of(secrets, st.just(KNOWN), st.just("hunter2hunter2")))
        pieces += [draw(st.sampled_from(SHAPES)).format(secret), draw(plain)]
    if draw(st.booleans()):
        pieces.append("password: hunter2hunter2\n")
    return "".join(pieces)


@given(sources(), st.text(max_size=40))
@example('password = "' + SECRETS["private key"] + '"', "")
def test_what_was_hidden_in_a_file_is_put_back_as_it_was(source: str, more: str) -> None:
    text = source + more
    hidden = hide(text, KEY, [KNOWN])
    assert restore(hidden, [text], KEY, [KNOWN]) == text
    assert hidden.count("\n") == text.count("\n")


@given(sources())
def test_no_secret_is_left_and_hiding_twice_changes_nothing(source: str) -> None:
    hidden = hide(source, KEY, [KNOWN])
    for secret in (*SECRETS.values(), KNOWN):
        assert secret not in hidden
    assert hide(hidden, KEY, [KNOWN]) == hidden
    assert redact(hidden) == hidden


@pytest.mark.parametrize("kind", SECRETS)
def test_a_placeholder_names_the_kind_and_nothing_else(kind: str) -> None:
    secret = SECRETS[kind]
    hidden = hide(f"x {secret} y", KEY)
    first = hidden.split("\n")[0]
    assert first.startswith(f"x <secret {kind} ")
    assert not any(piece in hidden for piece in (secret[:12], secret[-12:]))


def test_a_value_is_the_same_in_one_run_and_another_in_the_next() -> None:
    text = SECRETS["aws key"]
    assert hide(text, KEY) == hide(text, KEY)
    assert hide(text, KEY) != hide(text, OTHER_RUN)
    assert hide(f"{text} {text}", KEY) == f"{hide(text, KEY)} {hide(text, KEY)}"


def test_the_secret_of_another_file_is_not_put_back() -> None:
    hidden = hide(SECRETS["aws key"], KEY)
    for others in ([], ["x = 1\n"], [SECRETS["github token"]]):
        with pytest.raises(InvalidInputError, match="not in the file you name"):
            restore(f"print('{hidden}')", others, KEY)


def test_a_placeholder_of_another_run_is_not_put_back() -> None:
    hidden = hide(SECRETS["aws key"], OTHER_RUN)
    with pytest.raises(InvalidInputError):
        restore(hidden, [SECRETS["aws key"]], KEY)


def test_what_only_looks_like_a_placeholder_stays_where_the_file_has_it() -> None:
    text = "# shown as <secret aws key abcdefgh>\n"
    assert restore(hide(text, KEY), [text], KEY) == text


def test_the_known_value_is_found_in_every_usual_encoding() -> None:
    from tests.attacks.canary import forms

    unusual = {"reversed", "hex with spaces", "URL, every byte", "UTF-16", "decimal"}
    unusual.add("JSON, every character")
    for name, form in forms(KNOWN).items():
        if name not in unusual:
            text = f"x={form.decode()};"
            hidden = hide(text, KEY, [KNOWN])
            assert not seen(KNOWN, hidden), name
            assert restore(hidden, [text], KEY, [KNOWN]) == text


def test_a_line_of_a_long_secret_is_hidden_where_it_stands_alone() -> None:
    body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"
    source = f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"
    values = values_in(source, KEY)
    assert body not in hide_values(f"4: {body}", values)
    assert hide_values(f"4: {body}", values) == f"4: {hide(source, KEY).splitlines()[1]}"


def test_an_edit_beside_a_key_keeps_the_key() -> None:
    source = f'KEY = "{SECRETS["aws key"]}"\nlimit = 1\n'
    seen_by_model = hide(source, KEY)
    wanted = seen_by_model.replace("limit = 1", "limit = 2")
    assert restore(wanted, [source], KEY) == source.replace("limit = 1", "limit = 2")
    assert not holds_placeholder(restore(wanted, [source], KEY))
