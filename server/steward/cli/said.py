"""For programs: what a command says in sentences, as one object with its exit code."""

import argparse
import io
import json
import sys
from collections.abc import Callable
from contextlib import redirect_stdout


def said_as_json(arguments: argparse.Namespace, run: Callable[[argparse.Namespace], int]) -> int:
    """Do it, and write `{"exit_code", "said"}`; returns the exit code.

    Nobody is asked: standard output is no terminal meanwhile, and whoever asks people looks.
    """
    said = io.StringIO()
    with redirect_stdout(said):
        code = run(arguments)
    if code == 2 and not said.getvalue():
        return code  # It failed, and has said so.
    sys.stdout.write(json.dumps({"exit_code": code, "said": said.getvalue()}, indent=2) + "\n")
    return code


def complain(error: Exception, code: str, *, as_json: bool) -> int:
    """Say on standard error what went wrong; returns the exit code."""
    if as_json:
        told = {"error": {"code": code, "message": str(error)}}
        sys.stderr.write(json.dumps(told, indent=2) + "\n")
    else:
        sys.stderr.write(f"{error}\n")
    return 2
