"""Which bodies say that they are still to be written."""

import pytest

from steward.syntax.language import language_of
from steward.syntax.symbols import definitions_of


@pytest.mark.parametrize(
    ("path", "text", "is_empty"),
    [
        ("a.py", "def f():\n    ...\n", True),
        ("a.py", 'def f():\n    """What it gives."""\n    # later\n    pass\n', True),
        ("a.py", "def f():\n    'What it gives.'\n", True),
        ("a.py", "def f():\n    raise NotImplementedError('later')\n", True),
        ("a.py", "def f():\n    return 1\n", False),
        ("a.py", 'def f():\n    """It."""\n    return """x"""\n', False),
        ("a.py", "class F:\n    pass\n", False),
        ("a.js", "function f() {\n  // later\n}\n", True),
        ("a.js", "function f() { return 1; }\n", False),
        ("a.rs", "fn f() -> u8 {\n    todo!()\n}\n", True),
        ("a.rs", "fn f() -> u8 { 1 }\n", False),
        ("a.go", "package a\n\nfunc f() {\n}\n", True),
    ],
)
def test_a_body_that_does_nothing_is_empty(path: str, text: str, is_empty: bool) -> None:
    definitions = definitions_of(language_of(path), text)
    assert definitions is not None
    (found,) = definitions
    assert found.is_empty is is_empty
