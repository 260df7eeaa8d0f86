"""The forge: finds pull requests, and opens one."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import quote, urlsplit

from pydantic import SecretStr

from steward.core.agent_limits import FORGE_LISTED_MAX
from steward.core.errors import (
    InvalidInputError,
    NotFoundError,
    NotPermittedError,
    RateLimitedError,
    StewardError,
    UnavailableError,
)
from steward.core.redact import redact
from steward.forge.http import ForgeHttp, Reply
from steward.forge.pull_request import PullRequest, Wanted
from steward.forge.remote import Destination, destination
from steward.forge.settings import LOOPBACK, ForgeSettings

_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_URL = re.compile(r"https?://[!-~]{1,500}")
_WORDS_CHARS_MAX = 300

TokenSource = Callable[[], Awaitable[SecretStr | None]]
"""Gives the token that may be sent to this forge; None where there is none."""


@dataclass(frozen=True, slots=True)
class Forge:
    """One forge that speaks GitHub's API (REST, version 2022-11-28)."""

    settings: ForgeSettings
    token_source: TokenSource
    http: ForgeHttp

    def destination(self, url: str) -> Destination:
        """Where a push to this URL of a remote goes; see `forge.remote.destination`."""
        return destination(self.settings, url)

    async def token(self) -> SecretStr:
        """The token, for one request.

        Raises:
            NotPermittedError: there is none.
        """
        token = await self.token_source()
        if token is None:
            raise NotPermittedError(
                f"There is no token for the forge at {self._host}, so nothing is pushed and no pull"
                " request is opened. `steward key add forge` keeps one."
            )
        return token

    async def find(self, wanted: Wanted) -> PullRequest | None:
        """The open pull request of these branches; None if there is none.

        Raises:
            StewardError: the forge cannot be asked, or refuses.
        """
        owner = wanted.repository.partition("/")[0]
        query = (
            f"?state=open&head={quote(f'{owner}:{wanted.head}', safe='')}"
            f"&base={quote(wanted.base, safe='')}&per_page={FORGE_LISTED_MAX}"
        )
        token = await self.token()
        reply = await self.http.ask("GET", self._pulls(wanted) + query, token)
        body = reply.body
        if reply.status != 200 or not isinstance(body, list):
            raise self._refusal(reply, token)
        for each in cast("list[object]", body):
            # A forge may take no notice of what it was asked for.
            if _branches(each) == wanted.branches and (found := _pull_request(each)) is not None:
                return found
        return None

    async def open(self, wanted: Wanted) -> PullRequest:
        """Open it; one that is there already is given instead.

        Raises:
            UnavailableError: nobody can say whether it was opened.
            StewardError: the forge refuses.
        """
        found = await self.find(wanted)
        if found is not None:
            return found
        body = {
            "title": wanted.title,
            "body": wanted.text,
            "head": wanted.head,
            "base": wanted.base,
            "draft": wanted.is_draft,
        }
        token = await self.token()
        reply = await self.http.ask("POST", self._pulls(wanted), token, body)
        if reply.status == 201 and (made := _pull_request(reply.body)) is not None:
            return made
        # Somebody else may have been quicker, and an answer may have been lost on its way.
        if reply.status in (201, 422) and (found := await self.find(wanted)) is not None:
            return found
        raise self._refusal(reply, token)

    @property
    def _host(self) -> str:
        return urlsplit(self.settings.api).netloc

    def _pulls(self, wanted: Wanted) -> str:
        return f"{self.settings.api}/repos/{wanted.repository}/pulls"

    def _refusal(self, reply: Reply, token: SecretStr) -> StewardError:
        """What an answer means that is not the one hoped for."""
        said = _said(reply.body, token)
        forge = f"The forge at {self._host}"
        if _is_limit(reply):
            return _limited(forge, reply)
        match reply.status:
            case 401:
                return NotPermittedError(
                    f"{forge} does not accept the token (401). Put another in its place with"
                    " `steward key rotate forge`."
                )
            case 403:
                return NotPermittedError(
                    f"{forge} does not let this token do it (403){said}. It must be allowed to"
                    " write contents and pull requests of the repository."
                )
            case 404:
                return NotFoundError(
                    f"{forge} knows no such repository, or does not show it to this token (404)."
                )
            case 422:
                return InvalidInputError(f"{forge} does not take this pull request (422){said}.")
            case status if 300 <= status < 400:
                return UnavailableError(
                    f"{forge} sends us elsewhere ({status}), and the token goes nowhere else. Was"
                    " the repository renamed? Correct the remote's URL, or `api` in [forge]."
                )
            case status:
                return UnavailableError(
                    f"{forge} answers {status}{said}, which says nothing that we understand. Try"
                    " again later."
                )


def _is_limit(reply: Reply) -> bool:
    is_used_up = reply.headers.get("x-ratelimit-remaining") == "0"
    has_pause = bool(reply.headers.get("retry-after"))
    return reply.status == 429 or (reply.status == 403 and (is_used_up or has_pause))


def _limited(forge: str, reply: Reply) -> RateLimitedError:
    pause = reply.headers.get("retry-after", "")
    after_s = float(pause) if pause.isascii() and pause.isdigit() and len(pause) < 7 else None
    when = f" Try again in {after_s:g} seconds." if after_s is not None else " Try again later."
    return RateLimitedError(f"{forge} has had enough requests for now.{when}", after_s)


def _said(body: object, token: SecretStr) -> str:
    """The forge's own words, bounded and without what is secret."""
    if not isinstance(body, dict):
        return ""
    fields = cast("dict[str, object]", body)
    errors = fields.get("errors")
    listed = cast("list[object]", errors)[:5] if isinstance(errors, list) else []
    details = [cast("dict[str, object]", each) for each in listed if isinstance(each, dict)]
    words = [str(each.get("message", "")) for each in (fields, *details)]
    text = "; ".join(word for word in words if word).replace(token.get_secret_value(), "…")
    shown = " ".join(redact(text).split())[:_WORDS_CHARS_MAX]
    return f": {shown!a}" if shown else ""


def _pull_request(body: object) -> PullRequest | None:
    """What the forge describes; None where it is none."""
    if not isinstance(body, dict):
        return None
    fields = cast("dict[str, object]", body)
    number, url = fields.get("number"), fields.get("html_url")
    commit = _below(fields, "head").get("sha")
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        return None
    if not isinstance(commit, str) or _ID.fullmatch(commit) is None:
        return None
    return PullRequest(number, url if isinstance(url, str) and _is_page(url) else "", commit)


def _is_page(url: str) -> bool:
    """Whether this may be shown to a person as something to click on."""
    if _URL.fullmatch(url) is None or set(url) & set("<>()[]`\"'\\"):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return "@" not in parts.netloc and (parts.scheme == "https" or parts.hostname in LOOPBACK)


def _branches(body: object) -> tuple[str, str, str] | None:
    if not isinstance(body, dict):
        return None
    fields = cast("dict[str, object]", body)
    head, base = _below(fields, "head"), _below(fields, "base")
    name = str(_below(head, "repo").get("full_name", "")).lower()
    return name, str(head.get("ref", "")), str(base.get("ref", ""))


def _below(fields: Mapping[str, object], name: str) -> dict[str, object]:
    found = fields.get(name)
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}
