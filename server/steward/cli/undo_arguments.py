"""What can be asked at a shell about changes of agents in files; cheap to import."""

import argparse

from steward.cli.books import AddCommand


def add_undo(add_command: AddCommand) -> None:
    """Undo, redo, and the list of what can be."""
    undo = add_command("undo", help="take back what a run changed in files, not what came later")
    _add_what(undo, "default: the newest change in the folder")
    redo = add_command("redo", help="do again what was undone")
    _add_what(redo, "default: the newest undo in the folder")
    changes = add_command("changes", help="what runs changed in files, and how much is undone")
    changes.add_argument("run", nargs="?", help="only of this run")
    changes.add_argument("--workspace", metavar="FOLDER", help="only in this folder")
    changes.add_argument("--json", action="store_true", help="for a program")


def _add_what(parser: argparse.ArgumentParser, default: str) -> None:
    parser.add_argument("run", nargs="?", help=f"its id; {default}")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--step", metavar="NAME", help="only what this step of the run changed")
    which.add_argument("--change", metavar="ID", help="only this change; `steward changes` lists")
    parser.add_argument(
        "--workspace", metavar="FOLDER", help="where the newest is looked for; default: this folder"
    )
    parser.add_argument("--json", action="store_true", help="for a program")
