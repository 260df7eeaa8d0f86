"""Who comes to the site: by a personal token in a header, or by the cookie of a session."""

from steward.core.errors import InvalidInputError, NotPermittedError
from steward.permissions.roles import why_no_report
from steward.permissions.sessions import Sessions
from steward.web.cookie import is_proof, shown_session
from steward.web.errors import ForeignError, UnknownTokenError
from steward.web.exchange import Exchange
from steward.web.rest.caller import Caller
from steward.web.sign_in import SignIn, shown_token

_TOKENS = ("authorization", "x-api-key")


class Admission:
    """Lets in whoever has signed in, for as long as that holds."""

    def __init__(self, sign_in: SignIn, sessions: Sessions) -> None:
        self._sign_in = sign_in
        self._sessions = sessions

    async def caller(self, exchange: Exchange) -> Caller:
        """Who asks, with what they may ask for.

        Raises:
            UnknownTokenError: they have not signed in, or no longer.
            TooManyFailuresError: many from their address showed tokens that do not hold.
            InvalidInputError: they show a token and a session.
            NotPermittedError: they are not among the organisation's people.
        """
        secret = shown_session(exchange)
        shows_token = any(exchange.header(each) is not None for each in _TOKENS)
        if secret is not None and shows_token:
            raise InvalidInputError(
                "The request shows a token and the session of a page. Send one of them."
            )
        caller = await self._by_token(exchange) if secret is None else await self._by(secret)
        if (refusal := why_no_report(caller.principal)) is not None:
            raise NotPermittedError(refusal)
        exchange.connection.trust()
        return caller

    async def holds(self, caller: Caller) -> bool:
        """Whether somebody who came in a while ago still could."""
        if caller.session is None:
            return await self._sign_in.holds(caller.secret)
        found = await self._sessions.verify(caller.secret)
        if found is None:
            return False
        principal = await self._sign_in.identified(found.principal())
        return principal.role is not None

    async def _by(self, secret: str) -> Caller:
        found = await self._sessions.verify(secret)
        if found is None:
            raise UnknownTokenError(
                "This session is over: it was ended, or nothing was asked in it for hours. Sign in"
                " again, or run `steward open`."
            )
        principal = await self._sign_in.identified(found.principal())
        return Caller(principal, found.scopes, found.is_person, found, found.token_id, secret)

    async def _by_token(self, exchange: Exchange) -> Caller:
        if not any(exchange.header(each) is not None for each in _TOKENS):
            # No guess at a token, so it is not counted among them.
            raise UnknownTokenError(
                "Nobody has signed in. Show a personal token (`Authorization: Bearer …`; `steward"
                " token create` makes one), or open the pages with `steward open`."
            )
        token = shown_token(exchange)
        holder = await self._sign_in.holder(exchange, token)
        principal = await self._sign_in.identified(holder.principal())
        return Caller(principal, holder.scopes, token_id=holder.token_id, secret=token)


def check_proof(caller: Caller, shown: str | None) -> None:
    """Return if a change that a browser asks for was asked for by one of the session's own pages.

    Raises:
        ForeignError: it does not show what only those pages know.
    """
    if caller.session is not None and not is_proof(caller.secret, shown or ""):
        raise ForeignError(
            "The form is not from a page of this session, so nothing was changed. Load the page"
            " again, and send it once more."
        )
