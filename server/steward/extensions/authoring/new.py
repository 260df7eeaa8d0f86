"""A new extension from a template: small, whole, and its own test passes at once."""

import re
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal, get_args

from steward.core.errors import InvalidInputError
from steward.extensions.manifest import ID
from steward.extensions.packages.shipped import PUBLISHER
from steward.extensions.packages.statement import publisher_of

Language = Literal["python", "javascript", "typescript"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

_ENDING = ".template"
_TYPES = "steward.d.ts"
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def make_extension(extension: str, language: Language, folder: Path) -> tuple[str, ...]:
    """Write a new extension with this id into a folder; gives the files, relative. Blocks.

    Raises:
        InvalidInputError: the id is none, or something stands in the folder already.
    """
    if ID.fullmatch(extension) is None:
        raise InvalidInputError(
            f"{extension!r} is no id of an extension: write `publisher.name`, both in lower-case"
            " letters, digits and single hyphens."
        )
    if publisher_of(extension) == PUBLISHER:
        raise InvalidInputError(
            f"{extension!r} bears the name of Steward itself, and only extensions that come with it"
            " may. Choose a publisher's name of your own."
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InvalidInputError(
            f"{str(folder)!r} is there already and not empty; name another folder (`--folder`)."
        )
    written = dict(_filled(extension, language))
    for path, text in written.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return tuple(sorted(written))


def full_id(name: str, person: str) -> str:
    """The id that a person means: a name without a publisher is published by themselves.

    Raises:
        InvalidInputError: their own name makes no publisher.
    """
    if "." in name:
        return name
    publisher = re.sub(r"[^a-z0-9]+", "-", person.lower()).strip("-0123456789")
    if _NAME.fullmatch(publisher) is None:
        raise InvalidInputError(f"Say who publishes {name!r}: write `publisher.{name}`.")
    return f"{publisher}.{name}"


def _filled(extension: str, language: Language) -> Iterator[tuple[str, str]]:
    """Path → text of every file."""
    templates = files("steward.extensions.authoring") / "templates"
    publisher, _, slug = extension.partition(".")
    words = {
        "__ID__": extension,
        "__SLUG__": slug,
        "__PUBLISHER__": publisher,
        "__TITLE__": slug.replace("-", " ").title(),
    }
    found = list(_templates(templates / language, ""))
    if language != "python":
        found.append((_TYPES, templates / f"{_TYPES}{_ENDING}"))
    for path, template in found:
        text = template.read_text(encoding="utf-8")
        for word, value in words.items():
            text = text.replace(word, value)
        yield path, text


def _templates(folder: Traversable, above: str) -> Iterator[tuple[str, Traversable]]:
    for each in folder.iterdir():
        if each.is_dir():
            yield from _templates(each, f"{above}{each.name}/")
        elif each.name.endswith(_ENDING):
            yield f"{above}{each.name.removesuffix(_ENDING)}", each
