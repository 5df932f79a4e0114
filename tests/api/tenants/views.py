"""The views of the API, as the URL table has them."""

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from tests.api.tenants.endpoint import PREFIX

METHODS = ("get", "post", "put", "patch", "delete")


def api_views() -> Iterator[tuple[str, Any]]:
    """Each route below PREFIX, with the class of its view."""
    yield from _views(get_resolver(), "")


def _views(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, Any]]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if not isinstance(entry, URLPattern):
            yield from _views(entry, route)
        elif route.startswith(PREFIX):
            yield route.removeprefix(PREFIX), getattr(entry.callback, "view_class", None)
