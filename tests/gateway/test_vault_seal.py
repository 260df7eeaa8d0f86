"""A sealed key opens in its own row and with its own key, and in no other way."""

from dataclasses import dataclass

import pytest
from hypothesis import given, strategies as st

from steward.core.errors import InvalidInputError, UnavailableError
from steward.gateway.origin import origin_of
from steward.gateway.vault.seal import KEY_BYTES, NONCE_BYTES, Identity, Opener

KEYS = st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES)
NONCES = st.binary(min_size=NONCE_BYTES, max_size=NONCE_BYTES)
SECRETS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=200)
# A few short words: two that only run together differently are met often.
WORDS = st.sampled_from(["", "a", "b", "ab", "local", "https://a:443", '","', "1"])
IDENTITIES = st.builds(Identity, WORDS, WORDS, WORDS, WORDS, st.integers(1, 12))


@dataclass(frozen=True)
class Sealed:
    opener: Opener
    identity: Identity
    secret: str
    sealed: bytes


@st.composite
def sealings(draw: st.DrawFn) -> Sealed:
    opener, identity, secret = Opener(draw(KEYS)), draw(IDENTITIES), draw(SECRETS)
    return Sealed(opener, identity, secret, opener.seal(identity, secret, draw(NONCES)))


@given(sealings())
def test_what_was_sealed_opens_again(one: Sealed) -> None:
    assert one.opener.open(one.identity, one.sealed) == one.secret


@given(sealings(), IDENTITIES)
def test_a_sealed_key_opens_in_no_other_row(one: Sealed, other: Identity) -> None:
    if other == one.identity:
        return
    with pytest.raises(UnavailableError):
        one.opener.open(other, one.sealed)


@given(sealings(), KEYS)
def test_a_sealed_key_opens_with_no_other_key(one: Sealed, key: bytes) -> None:
    other = Opener(key)
    if other.name == one.opener.name:
        return
    with pytest.raises(UnavailableError):
        other.open(one.identity, one.sealed)


@given(sealings(), st.data())
def test_a_changed_byte_anywhere_is_refused(one: Sealed, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(one.sealed) - 1))
    changed = bytearray(one.sealed)
    changed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(UnavailableError):
        one.opener.open(one.identity, bytes(changed))


@given(sealings(), st.data())
def test_a_cut_or_longer_seal_is_refused(one: Sealed, data: st.DataObject) -> None:
    cut = one.sealed[: data.draw(st.integers(0, len(one.sealed) - 1))]
    for wrong in (cut, one.sealed + data.draw(st.binary(min_size=1, max_size=20))):
        with pytest.raises(UnavailableError) as refused:
            one.opener.open(one.identity, wrong)
        assert one.secret not in str(refused.value) or len(one.secret) < 8


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://api.example.com/v1", "https://api.example.com:443"),
        ("https://API.Example.com.:443/other", "https://api.example.com:443"),
        ("https://api.example.com:8443", "https://api.example.com:8443"),
        ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080"),
        ("http://[::1]:8080/v1", "http://[::1]:8080"),
        ("http://localhost", "http://localhost:80"),
    ],
)
def test_one_host_has_one_name(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.example.com",
        "ftp://api.example.com",
        "file:///etc/passwd",
        "http://api.example.com/v1",
        "http://127.0.0.1.example.com/v1",
        "http://127.1/v1",
        "https://user:word@api.example.com",
        "https://api.example.com@evil.example",
        "https://evil.example\\@api.example.com",
        "https://api.example.com/v1?key=x",
        "https://api.example.com/#x",
        "https://api.example.com:99999/v1",
        "https://api.example.com:x/v1",
        "https://\N{CYRILLIC SMALL LETTER A}pi.example.com/v1",
        "https://api.example.com /v1",
        "https://api.example.com\r\nX: y/v1",
        "https://[::1",
        "https://%61pi.example.com/v1",
        "https://-api.example.com/v1",
    ],
    ids=ascii,
)
def test_what_is_no_plain_address_can_have_no_key(url: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        origin_of(url)
    assert "user:word" not in str(refused.value)
