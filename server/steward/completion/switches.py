"""Who switched ghost text off, and where: by the settings, or by hand in an editor or a shell.

Off in one respect is off: a person's "everywhere", the workspace, the language. In each respect
what the person flipped counts before the settings, and the settings before what is usual. What
`[completion] enabled = false` says, nobody flips.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Literal

from sqlalchemy import func
from sqlmodel import Session, col, select

from steward.completion.settings import CompletionSettings
from steward.completion.tables import GhostTextSwitchRow
from steward.core.errors import InvalidInputError, LimitError
from steward.core.limits import GHOST_SWITCH_CHARS_MAX, GHOST_SWITCHES_MAX
from steward.core.principal import Principal
from steward.syntax.language import LANGUAGES, PLAIN, language_of

Scope = Literal["all", "language", "workspace"]

QUIET = frozenset(("plaintext", "git-commit"))
"""Languages without ghost text where nobody asked for it: people write prose in them."""

_ALIASES = {
    "text": "plaintext",
    "txt": "plaintext",
    "gitcommit": "git-commit",
    "scminput": "git-commit",
}
_BY_FILE = {"COMMIT_EDITMSG": "git-commit", "MERGE_MSG": "git-commit"}
_BY_SUFFIX = {".txt": "plaintext"}
_NAMES = {id_: language.name for language in LANGUAGES for id_ in language.ids}


@dataclass(frozen=True, slots=True)
class Switch:
    """What somebody wants, in one respect."""

    scope: Scope
    name: str = ""
    """The language, or the workspace's absolute path; empty for all."""
    is_on: bool = True


@dataclass(frozen=True, slots=True)
class Off:
    """What switched ghost text off, and who."""

    scope: Scope
    name: str
    by: Literal["settings", "person", "usual"]


Flipped = Mapping[tuple[Scope, str], bool]
"""What a person flipped, by scope and name."""


def why_off(
    chosen: CompletionSettings, flipped: Flipped, language: str, workspace: str
) -> Off | None:
    """What keeps ghost text off in a language and a workspace; `None` where it is on."""
    if not chosen.enabled:
        return Off("all", "", "settings")
    if flipped.get(("all", "")) is False:
        return Off("all", "", "person")
    return _workspace_off(chosen, flipped, workspace) or _language_off(chosen, flipped, language)


def stand(
    chosen: CompletionSettings, flipped: Flipped, language: str, workspaces: Sequence[str]
) -> dict[Scope, bool | None]:
    """Whether each switch is on, taken by itself; `None` where there is nothing to switch."""
    return {
        "all": chosen.enabled and flipped.get(("all", "")) is not False,
        "language": _language_off(chosen, flipped, language) is None if language else None,
        "workspace": all(_workspace_off(chosen, flipped, each) is None for each in workspaces)
        if any(workspaces)
        else None,
    }


def _workspace_off(chosen: CompletionSettings, flipped: Flipped, workspace: str) -> Off | None:
    if not workspace:
        return None
    place = PurePosixPath(workspace)
    for folder in map(str, (place, *place.parents)):  # The nearest word counts.
        if (by_hand := flipped.get(("workspace", folder))) is not None:
            return None if by_hand else Off("workspace", folder, "person")
        if (set_ := chosen.workspaces.get(folder)) is not None:
            return None if set_ else Off("workspace", folder, "settings")
    return None


def _language_off(chosen: CompletionSettings, flipped: Flipped, language: str) -> Off | None:
    if (by_hand := flipped.get(("language", language))) is not None:
        return None if by_hand else Off("language", language, "person")
    by_name = {_named(name): is_on for name, is_on in chosen.languages.items()}
    if (set_ := by_name.get(language)) is not None:
        return None if set_ else Off("language", language, "settings")
    return Off("language", language, "usual") if language in QUIET else None


def switched_language(path: str, language_id: str) -> str:
    """The name under which a document's language is switched, also of a language we do not know.

    Where nothing names the language it is empty.
    """
    known = language_of(path, language_id)
    if known is not PLAIN:
        return known.name
    file = PurePosixPath(path)
    by_file = _BY_FILE.get(file.name) or _BY_SUFFIX.get(file.suffix.lower(), "")
    return _ALIASES.get(language_id, language_id) or by_file


def checked(scope: Scope, name: str, *, is_on: bool) -> Switch:
    """A switch that can be kept.

    Raises:
        InvalidInputError: the name is none of such a thing.
    """
    if scope == "all":
        return Switch(scope, "", is_on)
    if not name.strip() or not name.isprintable() or len(name) > GHOST_SWITCH_CHARS_MAX:
        raise InvalidInputError(
            f"{name[:80]!r} is no {scope}. Name the {scope} for which ghost text is switched."
        )
    if scope == "language":
        return Switch(scope, _named(name), is_on)
    path = PurePosixPath(name)
    if not path.is_absolute() or ".." in path.parts:
        raise InvalidInputError(
            f"{name[:80]!r} is no workspace. Name the absolute path of a folder."
        )
    return Switch(scope, str(path), is_on)


def _named(name: str) -> str:
    """The name that a language is switched under, whichever of its names somebody writes."""
    return _NAMES.get(name, _ALIASES.get(name, name))


def flip(session: Session, principal: Principal, switch: Switch, at: datetime) -> None:
    """Remember what the principal wants; it holds in all their windows.

    Raises:
        LimitError: they have flipped very many.
    """
    tenant, user = principal.tenant_id, principal.user
    owned = (GhostTextSwitchRow.tenant_id == tenant, GhostTextSwitchRow.user == user)
    is_new = session.get(GhostTextSwitchRow, (tenant, user, switch.scope, switch.name)) is None
    count = session.exec(select(func.count()).where(*owned)).one()
    if is_new and count >= GHOST_SWITCHES_MAX:
        raise LimitError(
            f"There are {count} switches of yours already. See `steward ghost show`; what is"
            " usual for a language or a workspace can stand in the settings."
        )
    session.merge(
        GhostTextSwitchRow(
            tenant_id=tenant,
            user=user,
            scope=switch.scope,
            name=switch.name,
            is_on=switch.is_on,
            at=at,
        )
    )


def flipped_by(session: Session, principal: Principal) -> Sequence[Switch]:
    """Everything that the principal flipped, in order."""
    rows = session.exec(
        select(GhostTextSwitchRow)
        .where(
            GhostTextSwitchRow.tenant_id == principal.tenant_id,
            GhostTextSwitchRow.user == principal.user,
        )
        .order_by(col(GhostTextSwitchRow.scope), col(GhostTextSwitchRow.name))
    )
    return [Switch(row.scope, row.name, row.is_on) for row in rows]  # pyright: ignore[reportArgumentType]  The table checks it.
