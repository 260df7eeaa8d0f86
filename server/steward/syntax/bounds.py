"""Which texts no grammar is given: what native code would not bear, or not in time."""

import re

from steward.core import syntax_limits

_PAIRS = ("()", "[]", "{}")
# What may begin blocks inside one line of YAML: spaces, and the marks of nested collections.
_DEEP_YAML = re.compile(
    rf"^(?:[ \t]|[-?:](?=\s)){{{syntax_limits.YAML_COLUMNS_MAX},}}", re.MULTILINE
)


def is_too_much(language: str, text: str) -> bool:
    """Whether a text is too large or too deep for the grammar of a language, by its name."""
    if len(text) > syntax_limits.TEXT_CHARS_MAX:
        return True
    if language == "yaml" and _DEEP_YAML.search(text):
        return True
    return any(
        text.count(opens) - text.count(closes) > syntax_limits.UNCLOSED_MAX
        for opens, closes in _PAIRS
    )
