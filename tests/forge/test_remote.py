"""Which remotes may be pushed to, and what their URLs come to."""

import pytest

from steward.core.errors import NotPermittedError
from steward.forge.remote import destination
from steward.forge.settings import ForgeSettings


@pytest.mark.parametrize(
    ("url", "settings", "told"),
    [
        ("git@github.com:acme/shop.git", {}, "ssh_by_https"),
        ("https://evil.example/acme/shop.git", {}, "is none of those"),
        ("https://github.com.evil.example/acme/shop.git", {}, "is none of those"),
        ("https://github.com:8443/acme/shop.git", {}, "is none of those"),
        ("https://github.com@evil.example/acme/shop.git", {}, "a user or password"),
        ("https://me:pa55word@github.com/acme/shop.git", {}, "a user or password"),
        ("http://github.com/acme/shop.git", {}, "unencrypted"),
        ("ext::sh -c 'touch x'", {}, "no plain URL"),
        ("ext::sh", {}, "neither one of HTTPS"),
        ("fd::7", {}, "neither one of HTTPS"),
        ("git://github.com/acme/shop.git", {}, "Nothing is pushed"),
        ("https://github.com/../acme/shop", {}, "OWNER/NAME"),
        ("https://github.com/-x/shop", {}, "OWNER/NAME"),
        ("https://github.com/acme/..", {}, "OWNER/NAME"),
        ("https://github.com/acme", {}, "OWNER/NAME"),
        ("https://github.com/acme/shop/more", {}, "OWNER/NAME"),
        ("https://github.com/acme/shop?x=1", {}, "query"),
        ("https://github.com/acme/shop%2e%2e", {}, "no plain URL"),
        ("https://g\u0456thub.com/acme/shop", {}, "no plain URL"),
        ("https:\\\\github.com/acme/shop", {}, "no plain URL"),
        ("-oProxyCommand=x:acme/shop", {"ssh_by_https": True}, "Nothing is pushed"),
        ("git@evil.example:acme/shop.git", {"ssh_by_https": True}, "is none of those"),
        ("/srv/shared.git", {}, "does not say which repository"),
        ("file:///srv/shared.git", {}, "does not say which repository"),
        ("/srv/a/../b.git", {"folders": {"/srv/b.git": "a/b"}}, "does not say which"),
        ("", {}, "no plain URL"),
    ],
)
def test_a_remote_that_nobody_allowed_is_refused(
    url: str, settings: dict[str, object], told: str
) -> None:
    with pytest.raises(NotPermittedError, match=told) as caught:
        destination(ForgeSettings.model_validate(settings), url)
    assert "pa55word" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "settings", "target"),
    [
        ("https://github.com/acme/shop.git", {}, "https://github.com/acme/shop.git"),
        ("https://GitHub.com/acme/shop/", {}, "https://github.com/acme/shop.git"),
        ("http://127.0.0.1:8/a/b", {"hosts": ["127.0.0.1:8"]}, "http://127.0.0.1:8/a/b.git"),
        (
            "git@github.com:acme/shop.git",
            {"ssh_by_https": True},
            "https://github.com/acme/shop.git",
        ),
        (
            "ssh://git@github.com/acme/shop",
            {"ssh_by_https": True},
            "https://github.com/acme/shop.git",
        ),
        ("file:///srv/b.git/", {"folders": {"/srv/b.git": "acme/shop"}}, "/srv/b.git"),
    ],
)
def test_a_remote_that_is_served_has_one_exact_address(
    url: str, settings: dict[str, object], target: str
) -> None:
    found = destination(ForgeSettings.model_validate(settings), url)
    assert found.url == target
    assert found.takes_token == target.startswith("http")


@pytest.mark.parametrize(
    "settings",
    [
        {"api": "http://api.example"},
        {"api": "https://user@api.example"},
        {"api": "ftp://api.example"},
        {"hosts": ["github.com/acme"]},
        {"hosts": ["*"]},
        {"token": "two words"},
        {"token": "line\nend"},
        {"folders": {"relative": "a/b"}},
        {"folders": {"/srv/x": "-a/b"}},
        {"bases": [""]},
        {"url": "x"},
    ],
)
def test_settings_that_could_lead_a_token_astray_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        ForgeSettings.model_validate(settings)
