"""Puts what an extension wants before its person, as a question like every other.

Whoever can make an editor run a command could else install one. The answer is bound to the digest
of the package and to the grants that were shown; what was checked once in memory is what is
installed.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from steward.core.errors import InvalidInputError, NotPermittedError
from steward.core.ids import IdSource
from steward.core.principal import Principal
from steward.extensions.capability import IN_WORDS, Capability
from steward.extensions.finding import Found
from steward.extensions.manifest import Grant, Manifest
from steward.extensions.packages.changes import kept_from, newly_granted
from steward.extensions.packages.consent import Asked, warnings_of
from steward.extensions.packages.installed import Installed
from steward.extensions.packages.package import Verified
from steward.extensions.packages.signing import fingerprint
from steward.extensions.packages.statement import publisher_of
from steward.permissions.question import Question
from steward.workspace.markdown import code, inline, one_line

if TYPE_CHECKING:
    from steward.extensions.packages.store import PackageStore
    from steward.permissions.approvals import Approvals


@dataclass(frozen=True, slots=True)
class Consent:
    """Installs, enables and grants what a person says yes to."""

    store: "PackageStore"
    approvals: "Approvals"
    principal: Principal
    new_id: IdSource
    changed: Callable[[], None]
    """Called when what may run is another."""

    async def install(self, found: Found, without: Collection[str] = ()) -> Installed:
        """Install a package, with all that it wants but `without`.

        In the place of another release it comes as an update does, unless they say `without`.

        Raises:
            NotPermittedError: the person, or the operator, does not want it.
            PackageRefusedError: another key signed it than before, or a newer release is there.
        """
        package, manifest = found.package, found.package.manifest
        if not without and await self._is_other_release(package):
            return await self.update(found)
        known = await self.store.publisher_key(self.principal, package.publisher)
        others = frozenset(found.alike) - {manifest.id}
        asked = Asked(package.key, is_known=known is not None, known_ids=others)
        granted = _granted(manifest, without)
        title = f"Install the extension {one_line(manifest.name)} {manifest.version}?"
        await self._ask(title, manifest, asked, package.digest, granted)
        installed = await self.store.install(self.principal, package, granted, source=found.source)
        self.changed()
        return installed

    async def update(self, found: Found) -> Installed:
        """Put a newer release in its place; where it wants more it waits for the person's yes.

        Raises:
            NotPermittedError: they said no; it stays, and does not run.
        """
        package = found.package
        before = await self.store.one(self.principal, package.manifest.id)
        put, more = await self.store.update(self.principal, package, source=found.source)
        self.changed()
        if not more:
            return put
        await self._grant(put, newly_granted(before, put.manifest), more)
        self.changed()
        return await self.store.one(self.principal, put.manifest.id)

    async def enable(self, extension: str) -> Installed:
        """Let it run; asked about where the person has not said yes to what it wants.

        Of one that runs already they are asked about what they kept from it.

        Raises:
            NotFoundError: there is none.
            NotPermittedError: the person, or the operator, does not want it.
        """
        found = await self.store.one(self.principal, extension)
        is_new = extension not in await self.store.ids(self.principal)
        is_kept_back = found.state == "enabled" and bool(kept_from(found))
        if found.state == "asks" or is_new or is_kept_back:
            await self._grant(found, _granted(found.manifest, ()))
        enabled = await self.store.set_state(self.principal, extension, "enabled")
        self.changed()
        return enabled

    async def disable(self, extension: str) -> Installed:
        """Let it run no more. One that waits for an answer goes on waiting for it."""
        disabled = await self.store.set_state(self.principal, extension, "disabled")
        self.changed()
        return disabled

    async def allow(self, extension: str, capability: Capability) -> None:
        """Let it do one thing more, once the person says yes.

        Raises:
            InvalidInputError: it does not ask for that.
        """
        found = await self.store.one(self.principal, extension)
        wanted = {grant.capability for grant in found.manifest.permission_scope}
        if capability not in wanted:
            raise InvalidInputError(
                f"{extension!r} does not ask for {capability!r}; it asks for"
                f" {', '.join(sorted(wanted)) or 'nothing'}."
            )
        await self._grant(found, [*found.granted, capability])
        self.changed()

    async def revoke(self, extension: str, capability: str) -> None:
        """Let it do one thing less, from its next call on. Nobody is asked."""
        # Not by granting the rest anew: that would be a yes to all else it wants by now.
        await self.store.take_back(self.principal, extension, [cast("Capability", capability)])
        self.changed()

    async def _is_other_release(self, package: Verified) -> bool:
        return any(
            each.manifest.id == package.manifest.id
            and each.digest != package.digest
            and not each.is_shipped
            for each in await self.store.installed(self.principal)
        )

    async def _grant(
        self, found: Installed, granted: Collection[Capability], more: Collection[str] = ()
    ) -> None:
        manifest = found.manifest
        title = f"May the extension {one_line(manifest.name)} {manifest.version} do this?"
        pinned = await self.store.publisher_key(self.principal, publisher_of(manifest.id))
        asked = Asked(found.key, is_known=pinned == found.key, more=more)
        await self._ask(title, manifest, asked, found.digest, granted)
        await self.store.set_granted(self.principal, found, granted)

    async def _ask(
        self,
        title: str,
        manifest: Manifest,
        asked: Asked,
        digest: str,
        granted: Collection[Capability],
    ) -> None:
        # Each asking has a name of its own: a yes that nobody waited for any more allows nothing
        # later on.
        run_id = f"consent:{manifest.id}:{self.new_id()}"
        question = Question(
            key="consent",
            kind="extension",
            title=title,
            body=consent_body(manifest, asked, granted),
            operands={
                "extension": manifest.id,
                "version": manifest.version,
                "package": digest,
                "granted": sorted(granted),
            },
            run_id=run_id,
        )
        try:
            answer = await self.approvals.ask(self.principal, question)
        finally:
            await self.approvals.withdraw(self.principal, run_id)
        if not answer.is_approval:
            raise NotPermittedError(
                f"Nothing was changed: the question about {manifest.id!r} was {answer.state}."
            )
        await self.approvals.use(answer.approval_id, answer.digest)


def consent_body(manifest: Manifest, asked: Asked, granted: Collection[Capability]) -> str:
    """What a person reads before they say yes, as Markdown in which nothing is active."""
    lines = [f"{inline(manifest.description)}\n"] if manifest.description else []
    lines.append(f"{code(manifest.id)} {manifest.version}, {_by(manifest, asked)}.\n")
    kept = [each for each in manifest.permission_scope if each.capability in granted]
    withheld = [each for each in manifest.permission_scope if each.capability not in granted]
    lines.append("It may:\n" if kept else "It may do nothing beyond its own computing.\n")
    lines += [_grant_line(each) for each in kept]
    if withheld:
        lines.append("\nIt asks for more, which you do not allow with this:\n")
        lines += [_grant_line(each) for each in withheld]
    if manifest.tools and "tools.offer" in granted:
        lines.append("\nAgents are offered its tools, as it describes them:\n")
        lines += [f"- {code(tool.name)}: {inline(tool.description)}" for tool in manifest.tools]
    without = {each.capability for each in withheld}
    for each in asked.more:
        lines.append(f"\nNew: {inline(each)}")
    for warning in warnings_of(manifest, asked, without):
        lines.append(f"\n**Careful:** {inline(warning)}")
    lines.append(
        "\nIt runs in a sandbox of its own and can do nothing else. You can take back each of these"
        " later."
    )
    return "\n".join(lines)


def _by(manifest: Manifest, asked: Asked) -> str:
    name = inline(manifest.publisher)
    if not asked.key:
        return f"by {name}; it comes with Steward"
    known = "whose key you have seen before" if asked.is_known else "**new to you**"
    return f"by {name}, {known}: {code(fingerprint(asked.key))}"


def _grant_line(grant: Grant) -> str:
    only = f", only {', '.join(map(code, grant.globs))}" if grant.globs else ""
    words = IN_WORDS[grant.capability]
    return f"- {words} ({code(grant.capability)}){only}. It says why: {inline(grant.reason)}"


def _granted(manifest: Manifest, without: Collection[str]) -> list[Capability]:
    scope = manifest.permission_scope
    return [each.capability for each in scope if each.capability not in without]
