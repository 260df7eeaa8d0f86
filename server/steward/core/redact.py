"""Keep secrets out of what leaves the process.

Replaces what looks like a key by a placeholder that names its kind. It is a net under the
other measures (ignored files are never read, keys live in one place), not the only one.
"""

import re
from collections.abc import Callable

# A pattern is tried only where one of its signs stands in the text: the patterns take a
# millisecond for every few kilobytes, and every keystroke's prompt goes through here.
_UNQUOTED = re.compile(
    r"""(?:word|passwd|phrase|pwd|secret|key|token)[ \t]*[:=][ \t]*[^\s"'`<>{}()\[\],;$\\=:]{8}"""
)
"""A sign in small letters: a value without quotes that is long enough. Most code has none."""

_Signs = tuple[str, ...] | re.Pattern[str]
_KINDS: tuple[tuple[str, _Signs, re.Pattern[str]], ...] = (
    (
        "private key",
        ("private key",),
        re.compile(
            r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
        ),
    ),
    ("anthropic key", ("sk-ant-",), re.compile(r"\bsk-ant-[A-Za-z0-9_-]{16,}")),
    ("openai key", ("sk-",), re.compile(r"\bsk-[A-Za-z0-9_-]{16,}")),
    (
        "github token",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,})"),
    ),
    ("steward token", ("stw_",), re.compile(r"\bstw_[A-Za-z0-9_-]{43}")),
    ("aws key", ("akia", "asia"), re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    ("google key", ("aiza",), re.compile(r"\bAIza[0-9A-Za-z_-]{35}")),
    ("slack token", ("xox",), re.compile(r"\bxox[abprs]-[0-9A-Za-z-]{10,}")),
    ("json web token", ("eyj",), re.compile(r"\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{5,}")),
    ("password in a URL", ("://",), re.compile(r"(?<=://)[^/\s:@]{1,64}:[^/\s@]{3,128}(?=@)")),
    (
        "secret",
        ("password", "passwd", "secret", "key", "token"),
        re.compile(
            r"""(?ix)
            (?:password|passwd|secret|api[_-]?key|access[_-]?key|auth[_-]?token)
            \\?["']?\s*[:=]\s*\\?["']  # Inside a tool's arguments the quotes are escaped.
            # A quote that is still to be closed ends with its line.
            (?P<value>[^"'\s]{8,}?)(?=\\?["']|[ \t\r]*(?:\n|\Z))"""
        ),
    ),
    (
        "password",
        _UNQUOTED,
        # Without quotes, as in YAML, TOML-like files and properties: the rest of the line is one
        # word with letters and digits that is no call, no reference and no attribute of something.
        re.compile(
            r"""(?ix)
            (?:password|passwd|passphrase|pwd|secret
              |(?:api|access|secret|private|auth|account)[_-]?key|(?:auth|access)[_-]?token)
            [ \t]*[:=][ \t]*
            (?P<value>
              (?![=:])(?!https?://|[a-z_][a-z0-9_]*\.[a-z_])
              (?=[^\s]{0,255}[0-9])(?=[^\s]{0,255}[a-z])
              [^\s"'`<>{}()\[\],;$\\]{8,256}
            )
            (?=[ \t]*(?:\#[^\n]*)?\r?(?:\n|\Z))"""
        ),
    ),
)
_PRIVATE_KEY_SIGN = "PRIVATE KEY-----"
_PRIVATE_KEY = _KINDS[0][2]
_OPEN = re.compile(
    r"""(?ix)
    (?:password|passwd|secret|api[_-]?key|access[_-]?key|auth[_-]?token)
    \\?["']?\s*[:=]\s*\\?["'](?P<value>[^"'\s]+)\Z"""
)
_REST_OF_VALUE = re.compile(r"""[^"'\s]*(?=["'])""")
_NEAR_CHARS = 2_000
"""How far from a place a key is looked for that stands on both of its sides."""


def redact(text: str) -> str:
    """The text with every likely key replaced by `<redacted KIND>`."""
    return replace_secrets(text, lambda kind, _secret: f"<redacted {kind}>")


def replace_secrets(text: str, instead: Callable[[str, str], str]) -> str:
    """The text with every likely key replaced by what `instead` gives for its kind and itself."""
    lowered = text.lower()
    for kind, signs, pattern in _KINDS:
        if _has_sign(lowered, signs):
            text = pattern.sub(
                lambda found, kind=kind, has_name="value" in pattern.groupindex: _replaced(
                    found, kind, instead, has_name=has_name
                ),
                text,
            )
    return text


def redact_private_keys(text: str) -> str:
    """The text with every private key replaced, on as many lines as it was.

    For whoever cuts pieces out of a text: a part of such a key does not look like one.
    """
    if _PRIVATE_KEY_SIGN not in text:
        return text
    return _PRIVATE_KEY.sub(
        lambda found: "<redacted private key>" + "\n" * found[0].count("\n"), text
    )


def redact_around(before: str, after: str) -> tuple[str, str]:
    """Both sides of a place without the key that is written there; the rest is left as it is.

    Of a key that goes on behind the place, or whose quote is still to be closed, each side by
    itself does not look like one.
    """
    line = before[-_NEAR_CHARS:].rpartition("\n")[2]
    rest = after[:_NEAR_CHARS].partition("\n")[0]
    if (found := _OPEN.search(line)) is not None:
        kept = before[: len(before) - len(found["value"])]
        closed = _REST_OF_VALUE.match(rest)
        return kept + "<redacted secret>", after[closed.end() if closed else 0 :]
    at, both = len(line), line + rest
    lowered = both.lower()
    for kind, signs, pattern in _KINDS:
        if not _has_sign(lowered, signs):
            continue
        for found in pattern.finditer(both):
            start, end = found.span("value" if "value" in pattern.groupindex else 0)
            if start < at < end:
                return f"{before[: len(before) - at + start]}<redacted {kind}>", after[end - at :]
    return before, after


def _has_sign(lowered: str, signs: _Signs) -> bool:
    if isinstance(signs, re.Pattern):
        return signs.search(lowered) is not None
    return any(sign in lowered for sign in signs)


def _replaced(
    found: re.Match[str], kind: str, instead: Callable[[str, str], str], *, has_name: bool
) -> str:
    """What matched, with the secret replaced and the name before it kept."""
    if not has_name:
        return instead(kind, found[0])
    start, end = found.span("value")
    whole = found[0]
    return (
        whole[: start - found.start()]
        + instead(kind, found["value"])
        + whole[end - found.start() :]
    )
