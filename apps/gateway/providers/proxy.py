"""The proxy that the environment names."""

from urllib.request import getproxies, proxy_bypass

from yarl import URL


def proxy_of(url: URL) -> str | None:
    """The proxy to reach `url` through, by HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY."""
    if url.host is None or proxy_bypass(f"{url.host}:{url.port}"):
        return None
    proxies = getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    return proxy if not proxy or "://" in proxy else f"http://{proxy}"
