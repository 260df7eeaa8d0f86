"""Keep secrets out of what leaves the process.

Replaces what looks like a key by a placeholder that names its kind. It is a net under the
other measures (ignored files are never read, keys live in one place), not the only one.
"""

import re

# A pattern is tried only where one of its signs stands in the text: the patterns take a
# millisecond for every few kilobytes, and every keystroke's prompt goes through here.
_KINDS: tuple[tuple[str, tuple[str, ...], re.Pattern[str]], ...] = (
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
            (?P<value>[^"'\s]{8,}?)(?=\\?["'])"""
        ),
    ),
)


def redact(text: str) -> str:
    """The text with every likely key replaced by `<redacted KIND>`."""
    lowered = text.lower()
    for kind, signs, pattern in _KINDS:
        if any(sign in lowered for sign in signs):
            text = pattern.sub(lambda found, kind=kind: _placeholder(found, kind), text)
    return text


def _placeholder(found: re.Match[str], kind: str) -> str:
    if "value" not in found.groupdict():
        return f"<redacted {kind}>"
    start, end = found.span("value")
    whole = found.group(0)
    return whole[: start - found.start()] + f"<redacted {kind}>" + whole[end - found.start() :]
