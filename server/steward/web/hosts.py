"""Which server is meant, and from where a browser asks."""

from dataclasses import dataclass

from steward.web.errors import ForeignError
from steward.web.exchange import Exchange


@dataclass(frozen=True, slots=True)
class Hosts:
    """The names under which this server is asked for."""

    exact: frozenset[str]
    """Host and port, as a client writes them."""
    names: frozenset[str] = frozenset()
    """Names that may be followed by any port: what a proxy or a certificate stands for."""
    is_behind_proxy: bool = False
    """Whether clients speak TLS to a proxy, and that alone speaks to this server."""

    def knows(self, host: str) -> bool:
        """Whether a `Host` header means this server."""
        host = host.lower()
        name, colon, port = host.rpartition(":")
        if colon and port.isdecimal() and name in self.names:
            return True
        return host in self.exact or host in self.names

    def check_meant(self, exchange: Exchange) -> None:
        """Return if the request means this server.

        Raises:
            ForeignError: it names another one.
        """
        if not self.knows(exchange.header("host") or ""):
            # A page whose name was pointed at this machine still says its own name here.
            raise ForeignError(
                "The request names a host that this server does not answer for. Use its own"
                " address, or add the name to `hosts` in the [web] section of its settings."
            )

    def check(self, exchange: Exchange) -> None:
        """Return if the request means this server, and no page of another site made it.

        Raises:
            ForeignError: it does not, or one did.
        """
        self.check_meant(exchange)
        site = exchange.header("sec-fetch-site") or "none"
        if not is_own(exchange) or site not in ("none", "same-origin"):
            raise ForeignError("The request comes from a page of another site.")


def is_own(exchange: Exchange) -> bool:
    """Whether the request says that one of our own pages made it, or does not say."""
    return exchange.header("origin") in (None, exchange.origin)


def is_arrival(exchange: Exchange) -> bool:
    """Whether somebody followed a link on a page of another site to one of ours.

    Nothing is read or changed by that alone, and nothing of ours stands inside the other page.
    """
    return (
        exchange.method == "GET"
        and exchange.header("origin") is None
        and exchange.header("sec-fetch-site") in ("cross-site", "same-site")
        and exchange.header("sec-fetch-mode") == "navigate"
        and exchange.header("sec-fetch-dest") == "document"
    )
