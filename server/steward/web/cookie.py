"""The cookie of a session at pages, and the proof that a form came from one of its own pages."""

import hashlib
import hmac
import re

from steward.permissions.sessions import LIVES_FOR
from steward.web.exchange import Exchange

_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")


def cookie_name(exchange: Exchange) -> str:
    """What the cookie is called.

    Browsers send a cookie to every port of its host, so without TLS the port stands in the name:
    two servers on one machine do not overwrite each other's. With TLS the prefix `__Host-` lets
    nobody but this very host set it.
    """
    if exchange.is_secure:
        return "__Host-steward"
    return f"steward-{(exchange.header('host') or '').rpartition(':')[2]}"


def shown_session(exchange: Exchange) -> str | None:
    """The secret that a browser shows; None where there is none, or nobody can say which counts."""
    name = cookie_name(exchange)
    pairs = [each.strip().partition("=") for each in (exchange.header("cookie") or "").split(";")]
    shown = {value for each, _, value in pairs if each == name}
    secret = shown.pop() if len(shown) == 1 else ""
    return secret if _SECRET.fullmatch(secret) else None


def kept_cookie(exchange: Exchange, secret: str) -> str:
    """The header's value that lets the browser keep a session's secret."""
    seconds = round(LIVES_FOR.total_seconds())
    return f"{cookie_name(exchange)}={secret}; Max-Age={seconds}{bounds(exchange)}"


def forgotten_cookie(exchange: Exchange) -> str:
    """The header's value that lets the browser forget it."""
    return f"{cookie_name(exchange)}=; Max-Age=0{bounds(exchange)}"


def proof_of(secret: str) -> str:
    """What a form or script of this session's pages shows, and no other site can know."""
    return hmac.new(secret.encode("ascii"), b"steward csrf 1", hashlib.sha256).hexdigest()


def is_proof(secret: str, shown: str) -> bool:
    """Whether this is the session's proof; takes the same time for every wrong one."""
    return hmac.compare_digest(proof_of(secret).encode(), shown.encode("utf-8", "surrogatepass"))


def signed(secret: str, text: str) -> str:
    """A message that only this session's own next page believes."""
    code = hmac.new(secret.encode("ascii"), b"steward told 1" + text.encode(), hashlib.sha256)
    return f"{code.hexdigest()[:32]}{text.encode().hex()}"


def unsigned(secret: str, written: str) -> str | None:
    """The message, if this session wrote it."""
    try:
        text = bytes.fromhex(written[32:]).decode()
    except ValueError:
        return None
    is_own = hmac.compare_digest(signed(secret, text).encode(), written.encode("utf-8"))
    return text if is_own else None


def bounds(exchange: Exchange) -> str:
    """Where a cookie goes: to this host alone, from its own pages alone, and to no script."""
    return "; Path=/; HttpOnly; SameSite=Strict" + ("; Secure" if exchange.is_secure else "")
