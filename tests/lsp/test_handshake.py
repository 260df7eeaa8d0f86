"""What a listener takes out of a client's first words, however they are written."""

import json

import pytest

from steward.lsp.listen.handshake import Handshake
from steward.lsp.message import MessageError, parse_message

TOKEN = "secret-of-ours"


def said(nested: str = "0", method: str = "initialize") -> bytes:
    """`initialize` with the token, and something else in it."""
    return (
        f'{{"jsonrpc": "2.0", "id": 1, "method": "{method}", "params": {{"processId": 77,'
        f' "initializationOptions": {{"steward": {{"token": "{TOKEN}"}}, "theirs": {nested}}}}}}}'
    ).encode()


@pytest.mark.parametrize(
    "body",
    [
        said(method="init\\u0069alize"),
        said().replace(b'"token"', b'"token": "x", "tok\\u0065n"'),
        said().replace(b'"processId"', b'"processId": 1, "processId"'),
        said('"\\ud800"'),
    ],
)
def test_no_spelling_gets_the_token_past(body: bytes) -> None:
    passed = Handshake(10_000).pass_on(body)
    assert TOKEN.encode() not in passed
    fields = json.loads(passed)
    assert fields["params"]["processId"] is None
    assert fields["params"]["initializationOptions"]["steward"] == {}


@pytest.mark.parametrize("params", ["null", "[]", "5", '{"initializationOptions": []}'])
def test_what_has_another_shape_is_the_servers_to_refuse(params: str) -> None:
    body = f'{{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {params}}}'.encode()
    assert json.loads(Handshake(10_000).pass_on(body)) == json.loads(body)


@pytest.mark.parametrize(
    "body",
    [
        said().decode().encode("utf-16"),
        said("[" * 500 + "]" * 500),
        said("NaN"),
        b"[" + said() + b"]",
        said().replace(b'"2.0"', b'"1.0"'),
    ],
    ids=lambda body: ascii(body[:20]),
)
def test_what_the_server_does_not_read_passes_as_it_is(body: bytes) -> None:
    assert Handshake(10_000).pass_on(body) == body
    with pytest.raises(MessageError):
        parse_message(body)


def test_a_message_that_wants_no_answer_gets_the_token_past_no_more() -> None:
    passed = Handshake(10_000).pass_on(said().replace(b'"id": 1, ', b""))
    assert TOKEN.encode() not in passed
    assert "id" not in json.loads(passed)
