"""The way out that a call is given: listeners inside its sandbox's network."""

from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from apps.tools.egress.connection import serve_direct, serve_proxy
from apps.tools.egress.door import Door
from apps.tools.egress.gate import Gate
from apps.tools.egress.namespaces import NoWayIn, open_inside
from apps.tools.egress.proxy import proxy
from apps.tools.egress.rules import WEB_PORTS
from apps.tools.egress.session import Egress

__all__ = ["ENVIRONMENT", "FILES", "PROXY", "NoWayIn", "open_way_out"]

_PROXY_PORT, _NAMES_PORT = 3128, 53
_MOST_PORTS = 12

PROXY = f"http://127.0.0.1:{_PROXY_PORT}"
"""Where the proxy is in every sandbox that has a way out."""

_OWN_HOSTS = "localhost,127.0.0.1,::1"

ENVIRONMENT: Mapping[str, str] = {
    **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), PROXY),
    **dict.fromkeys(("NO_PROXY", "no_proxy"), _OWN_HOSTS),
    "NODE_USE_ENV_PROXY": "1",
}
"""What tells programs of the proxy. Those that do not listen find it by FILES."""

FILES: Mapping[str, bytes] = {
    "/etc/hosts": b"127.0.0.1 localhost\n::1 localhost\n",
    "/etc/nsswitch.conf": b"hosts: files dns\n",
    "/etc/resolv.conf": b"nameserver 127.0.0.1\noptions timeout:2 attempts:2\n",
}
"""Files by their path inside, the same for every call: names are looked up at the proxy, which
answers with the sandbox's own loopback. Harmless in a sandbox without a way out."""


@contextmanager
def open_way_out(init: int, egress: Egress, *, via: str = "proxy") -> Iterator[None]:
    """Listen inside the network of the sandbox whose first process is `init`, which the caller
    holds alive, until the context ends; by then every request has been recorded.

    There is a proxy at PROXY, and on the ports of the web and of the rules listeners for clients
    that look names up and know nothing of proxies. Raises NoWayIn.
    """
    ports = _direct_ports(egress)
    tcp = [_PROXY_PORT, *ports]
    sockets = open_inside(init, tcp=tcp, udp=[_NAMES_PORT])

    async def fill(door: Door) -> None:
        gate = Gate(egress, via)
        door.listen(sockets[0], partial(serve_proxy, gate=gate))
        for port, listener in zip(ports, sockets[1:-1], strict=True):
            door.listen(listener, partial(serve_direct, gate=gate, port=port))
        await door.resolve(sockets[-1], gate.knows)

    with _open(egress, fill):
        yield


@contextmanager
def _open(egress: Egress, fill: Callable[[Door], Coroutine[Any, Any, None]]) -> Iterator[None]:
    door = proxy().open(egress.limits.connections, fill)
    try:
        yield
    finally:
        proxy().close(door)


def _direct_ports(egress: Egress) -> list[int]:
    named = {rule.port for rule in egress.rules if rule.port is not None} - {_PROXY_PORT}
    return [*sorted(WEB_PORTS), *sorted(named - WEB_PORTS)[:_MOST_PORTS]]
