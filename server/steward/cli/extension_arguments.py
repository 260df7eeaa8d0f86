"""What can be asked at a shell of extensions, their packages and registries; cheap to import."""

import argparse
from pathlib import Path

from steward.cli.books import AddCommand

_LANGUAGES = ("python", "javascript", "typescript")
_KEY = "the key's name; default: the publisher's"


def add_extensions(add_command: AddCommand) -> None:
    """Add the command to the command line."""
    extension = add_command("extension", help="other people's code: find, install, take back")
    actions = extension.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser
    _add_looks(add)
    _add_installing(add)
    _add_changes(add)
    _add_making(add)
    _add_registry(add("registry", help="where extensions are found; a team can run its own"))


def _add_looks(add: AddCommand) -> None:
    listed = add("list", help="those that are installed or come with Steward, and their state")
    searched = add("search", help="look into your registries")
    searched.add_argument("words", nargs="*", metavar="WORD", help="all of them; default: any")
    searched.add_argument("--registry", metavar="ADDRESS", help="only in this one")
    info = add("info", help="what one is, what it may do, its settings and its README")
    info.add_argument("id", help="such as acme.painter")
    for action in (listed, searched, info):
        action.add_argument("--json", action="store_true", help="for a program")


def _add_installing(add: AddCommand) -> None:
    installed = add("install", help="show what one may do, ask, and install it")
    installed.add_argument("what", help="PUBLISHER.NAME, PUBLISHER.NAME@VERSION, or a file")
    installed.add_argument("--registry", metavar="ADDRESS", help="only from this one")
    updated = add("update", help="install newer releases; what wants more is asked about")
    updated.add_argument("ids", nargs="*", metavar="ID", help="default: all")
    updated.add_argument("--check", action="store_true", help="only say which there are")
    updated.add_argument("--json", action="store_true", help="for a program; nobody is asked")
    enabled = add("enable", help="let one run; what nobody said yes to is asked about")
    enabled.add_argument("id", help="such as acme.painter")
    for action in (installed, enabled):
        action.add_argument(
            "--without",
            type=_names,
            default=(),
            metavar="CAP,…",
            help="do not allow these; the rest of it works as far as it can",
        )
    for action in (installed, updated, enabled):
        action.add_argument(
            "--yes", action="store_true", help="ask nobody; only what --allow names is allowed"
        )
        action.add_argument(
            "--allow",
            type=_names,
            default=(),
            metavar="CAP,…",
            help="with --yes: every capability that it wants and you allow",
        )


def _add_changes(add: AddCommand) -> None:
    for name, what in (
        ("disable", "let one run no more; what you allowed it stays"),
        ("remove", "take one away, with its grants and settings"),
    ):
        add(name, help=what).add_argument("id", help="such as acme.painter")
    revoked = add("revoke", help="take back something that you allowed one to do")
    revoked.add_argument("id", help="such as acme.painter")
    revoked.add_argument("capabilities", nargs="+", metavar="CAP", help="such as model.ask")
    config = add("config", help="show or change the settings of one")
    config.add_argument("id", help="such as acme.painter")
    config.add_argument("name", nargs="?", help="default: show all")
    config.add_argument("value", nargs="?", help="as JSON, or a word; default: as it was at first")
    config.add_argument("--json", action="store_true", help="for a program")


def _add_making(add: AddCommand) -> None:
    made = add("new", help="begin one of your own, with its test")
    made.add_argument("name", help="PUBLISHER.NAME, such as acme.painter")
    made.add_argument("--language", choices=_LANGUAGES, default="python", help="default: python")
    made.add_argument("--folder", type=Path, metavar="DIR", help="default: the name")
    tested = add("test", help="play its recorded tests in the real sandbox")
    tested.add_argument("folder", type=Path, nargs="?", default=Path(), help="default: this one")
    packed = add("pack", help="make the signed package of a folder")
    packed.add_argument("folder", type=Path, nargs="?", default=Path(), help="default: this one")
    packed.add_argument("--out", type=Path, metavar="FILE", help="default: ID-VERSION.stewardext")
    packed.add_argument("--key", metavar="NAME", help=_KEY)
    packed.add_argument(
        "--sequence", type=_count, metavar="N", help="rises with releases; default: of the version"
    )
    _add_key(add("key", help="the keys with which you sign"))
    rated = add("rate", help="say what you think of one, signed")
    rated.add_argument("id", help="such as acme.painter")
    rated.add_argument("stars", type=int, choices=range(1, 6), help="1 to 5")
    rated.add_argument("--text", default="", help="why, for others")
    rated.add_argument("--key", required=True, metavar="NAME", help="the name of your key")
    rated.add_argument("--registry", metavar="ADDRESS", help="default: where it came from")
    rated.add_argument(
        "--to", type=Path, metavar="FILE", help="write the review there, for whoever runs it"
    )


def _add_key(key: argparse.ArgumentParser) -> None:
    actions = key.add_subparsers(dest="key_action", required=True, metavar="ACTION")
    actions.add_parser("list", help="your keys, with their fingerprints")
    for name, what in (
        ("new", "make one, for a publisher's name"),
        ("rotate", "make another in its place; the old one signs that"),
    ):
        actions.add_parser(name, help=what).add_argument("name", help="such as acme")
    forgotten = actions.add_parser(
        "forget", help="believe the next key of a publisher; ask them first"
    )
    forgotten.add_argument("publisher", help="the part before the dot of an id")


def _add_registry(registry: argparse.ArgumentParser) -> None:
    actions = registry.add_subparsers(dest="registry_action", required=True, metavar="ACTION")
    actions.add_parser("list", help="those that you look into").add_argument(
        "--json", action="store_true", help="for a program"
    )
    added = actions.add_parser("add", help="look into one")
    added.add_argument(
        "--fingerprint", metavar="TEXT", help="of its key, as you know it; then nobody is asked"
    )
    removed = actions.add_parser("remove", help="look into one no more")
    for action in (added, removed):
        action.add_argument("address", help="an https URL, or the path of a folder")
    made = actions.add_parser("init", help="make one of your own in a folder")
    made.add_argument("--name", required=True, metavar="TEXT", help="what people see")
    published = actions.add_parser("publish", help="add a package to yours")
    withdrawn = actions.add_parser("withdraw", help="say that nobody should have a release")
    signed = actions.add_parser("sign", help="sign yours anew, with the reviews that came")
    revoked = actions.add_parser("revoke", help="say that a publisher's key was lost or stolen")
    for action in (made, published, withdrawn, signed, revoked):
        action.add_argument("folder", type=Path, metavar="DIR", help="the registry's folder")
        action.add_argument("--key", required=True, metavar="NAME", help="the registry's key")
    published.add_argument("package", type=Path, metavar="FILE", help="what `pack` made")
    withdrawn.add_argument("id", help="such as acme.painter")
    withdrawn.add_argument("version", help="such as 1.0.0")
    withdrawn.add_argument("why", help="a sentence for whoever has it")
    signed.add_argument("--days", type=_count, default=30, metavar="N", help="default: 30")
    revoked.add_argument("publisher_key", metavar="KEY", help="64 hexadecimal letters")


def _names(written: str) -> tuple[str, ...]:
    return tuple(filter(None, (each.strip() for each in written.split(","))))


def _count(written: str) -> int:
    if not written.isdecimal() or not 1 <= int(written) <= 2**53 - 1:
        raise argparse.ArgumentTypeError(f"{written!r} is not a number from 1 on")
    return int(written)
