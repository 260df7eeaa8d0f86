"""Where the server can be reached, and by which names."""

import ipaddress
import socket
import ssl
from pathlib import Path

from steward.core.errors import InvalidInputError, UnavailableError
from steward.core.listening import listen
from steward.web.hosts import Hosts

_BACKLOG = 512


def is_local(host: str) -> bool:
    """Whether only programs on this machine can reach the address.

    Raises:
        InvalidInputError: it is no address.
    """
    try:
        return ipaddress.ip_address(_plain(host)).is_loopback
    except ValueError:
        raise InvalidInputError(
            f"{host!r} is no address to listen on. Give one of this machine's, such as 127.0.0.1;"
            " the names by which it is reached stand in `hosts` in the [web] section."
        ) from None


def check_reach(host: str, names: tuple[str, ...], *, is_encrypted: bool) -> None:
    """Refuse an address that would show tokens and code to a network.

    Raises:
        InvalidInputError: other machines reach it, and nothing encrypts what passes; or it is not
            said by which names.
    """
    if is_local(host):
        return
    if not is_encrypted:
        raise InvalidInputError(
            f"Other machines can reach {host}, and tokens and code would pass unencrypted. Give a"
            " certificate (`--tls-cert` and `--tls-key`), or say `--behind-proxy` if a proxy of"
            " yours in between ends TLS and nobody else can reach this port."
        )
    if not names:
        raise InvalidInputError(
            f"Other machines can reach {host}. Say by which names they do, in `hosts` in the [web]"
            " section of settings.toml or STEWARD_WEB__HOSTS, such as"
            ' ["steward.example.org"]: requests that name another host are refused.'
        )


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one.

    Raises:
        UnavailableError: the port is taken, or the address is none of this machine's.
    """
    own = _plain(host)
    try:
        return listen(own, port, _BACKLOG)
    except OSError as error:
        raise UnavailableError(
            f"Steward cannot serve on port {port} of {own}: {error.strerror}. Another program may"
            " use it; choose another with `--port`, or 0 to get a free one."
        ) from error


def url_of(bound: socket.socket, *, is_encrypted: bool) -> str:
    """The address as a client writes it."""
    host, port = bound.getsockname()[:2]
    written = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return f"{'https' if is_encrypted else 'http'}://{written}"


def hosts_of(
    bound: socket.socket, names: tuple[str, ...], *, is_behind_proxy: bool = False
) -> Hosts:
    """Every `Host` that means this server: its own address, and the names it was given."""
    host, port = bound.getsockname()[:2]
    local = ("127.0.0.1", "localhost", "[::1]") if is_local(host) else ()
    return Hosts(frozenset(f"{each}:{port}" for each in local), frozenset(names), is_behind_proxy)


def tls_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """What encrypts connections.

    Raises:
        InvalidInputError: one of the files cannot be read, or the two do not fit together.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise InvalidInputError(
            f"The certificate in {str(certificate)!r} and the key in {str(key)!r} cannot be used:"
            f" {error.strerror or type(error).__name__}. Both must be PEM files, belong together,"
            " and be readable for you; the key has no password."
        ) from error
    return context


def _plain(host: str) -> str:
    return "127.0.0.1" if host == "localhost" else host.removeprefix("[").removesuffix("]")
