"""Where a request comes from."""

import ipaddress
import re

from django.conf import settings
from django.http import HttpRequest

IPV6_SITE_BITS = 64
_WITH_PORT = re.compile(r"\[(?P<v6>.+)\](:\d+)?|(?P<v4>[\d.]+):\d+")


def client_address(request: HttpRequest) -> str:
    """The client's IP address, or an empty string where there is none (a Unix socket).

    Each proxy appends whom it heard to X-Forwarded-For, so only the last TRUSTED_PROXIES entries
    are true; what stands left of them, the client may have written.
    """
    heard = [
        *request.headers.get("X-Forwarded-For", "").split(","),
        request.META.get("REMOTE_ADDR", ""),
    ]
    hops = [hop for hop in map(str.strip, heard) if hop]
    trusted = settings.PLATFORM.trusted_proxies
    return _normal(hops[max(0, len(hops) - 1 - trusted)]) if hops else ""


def client_site(request: HttpRequest) -> str:
    """What one client can hold many addresses of counts as one: an IPv6 network of 64 bits."""
    address = client_address(request)
    if ":" not in address:
        return address
    return str(ipaddress.ip_network(f"{address}/{IPV6_SITE_BITS}", strict=False))


def _normal(hop: str) -> str:
    """One spelling an address: without port, IPv4 as IPv4. An empty string if it is none."""
    match = _WITH_PORT.fullmatch(hop)
    text = (match["v6"] or match["v4"]) if match else hop
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)
