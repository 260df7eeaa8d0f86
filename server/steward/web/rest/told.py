"""What stands on every answer of the site, whoever made it."""

from steward.web.asgi import Message, Send
from steward.web.exchange import Exchange
from steward.web.limits import CORRELATION_CHARS_MAX

_PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_REST = "default-src 'none'; frame-ancestors 'none'"
_ALWAYS = {
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_TLS = {"strict-transport-security": "max-age=31536000"}
_STATIC = "/static/"


class Telling:
    """Sends an answer, once, with the headers that every answer has."""

    def __init__(self, exchange: Exchange, send: Send) -> None:
        self._exchange = exchange
        self._send = send
        self.has_begun = False
        """True once the status is out."""
        self.status = 0

    async def send(self, message: Message) -> None:
        """Pass a message on; the first one takes the headers along."""
        if message["type"] != "http.response.start":
            await self._send(message)
            return
        self.has_begun = self._exchange.has_begun = True
        self.status = message["status"]
        own = self._headers(dict(message.get("headers", ())))
        names = {name.encode("ascii") for name in own}
        kept = [pair for pair in message.get("headers", ()) if pair[0].lower() not in names]
        written = [(name.encode("ascii"), value.encode("ascii")) for name, value in own.items()]
        await self._send({**message, "headers": kept + written})

    def _headers(self, given: dict[bytes, bytes]) -> dict[str, str]:
        is_page = given.get(b"content-type", b"").startswith(b"text/html")
        own = {**_ALWAYS, "x-request-id": self._exchange.id}
        correlation = correlation_of(self._exchange)
        if correlation is not None:
            own["x-correlation-id"] = correlation
        own["content-security-policy"] = _PAGE if is_page else _REST
        # Without any referrer a browser calls the origin of our own forms `null`.
        own["referrer-policy"] = "same-origin" if is_page else "no-referrer"
        if not (self._exchange.path.startswith(_STATIC) and b"cache-control" in given):
            own["cache-control"] = "no-store"
        return own | (_TLS if self._exchange.is_secure else {})


def correlation_of(exchange: Exchange) -> str | None:
    """A client's own name for what several of its requests belong to; None where it has none."""
    name = exchange.header("x-correlation-id") or ""
    is_visible = all("!" <= each <= "~" for each in name)
    return name if is_visible and 0 < len(name) <= CORRELATION_CHARS_MAX else None
