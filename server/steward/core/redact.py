"""Keep secrets out of what leaves the process.

Replaces what looks like a key by a placeholder that names its kind. It is a net under the
other measures (ignored files are never read, keys live in one place), not the only one.
"""

import re

_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "private key",
        re.compile(
            r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
        ),
    ),
    ("anthropic key", re.compile(r"\bsk-ant-[A-Za-z0-9_-]{16,}")),
    ("openai key", re.compile(r"\bsk-[A-Za-z0-9_-]{16,}")),
    ("github token", re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,})")),
    ("aws key", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    ("google key", re.compile(r"\bAIza[0-9A-Za-z_-]{35}")),
    ("slack token", re.compile(r"\bxox[abprs]-[0-9A-Za-z-]{10,}")),
    ("json web token", re.compile(r"\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{5,}")),
    ("password in a URL", re.compile(r"(?<=://)[^/\s:@]{1,64}:[^/\s@]{3,128}(?=@)")),
    (
        "secret",
        re.compile(
            r"""(?ix)
            (?:password|passwd|secret|api[_-]?key|access[_-]?key|auth[_-]?token)
            ["']?\s*[:=]\s*["']
            (?P<value>[^"'\s]{8,})(?=["'])"""
        ),
    ),
)


def redact(text: str) -> str:
    """The text with every likely key replaced by `<redacted KIND>`."""
    for kind, pattern in _KINDS:
        text = pattern.sub(lambda found, kind=kind: _placeholder(found, kind), text)
    return text


def _placeholder(found: re.Match[str], kind: str) -> str:
    if "value" not in found.groupdict():
        return f"<redacted {kind}>"
    start, end = found.span("value")
    whole = found.group(0)
    return whole[: start - found.start()] + f"<redacted {kind}>" + whole[end - found.start() :]
