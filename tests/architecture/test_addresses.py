"""Who may call what, read off the URL table itself."""

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

OPEN = {
    "",
    "health",
    "health/ready",
    "metrics",
    "files/<uuid:artifact_id>",
    "api/schema/",
    "api/docs/",
}
METHODS = ("get", "post", "put", "patch", "delete")


def routes(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield route
        elif not route.startswith("admin/"):
            yield from routes(entry, route)


def address_of(route: str) -> str:
    return "/" + re.sub(r"<(\w+:)?\w+>", lambda match: example(match[1]), route)


def example(converter: str | None) -> str:
    return {"uuid:": str(uuid4()), "int:": "1"}.get(converter or "str:", "name")


ROUTES = sorted(routes(get_resolver()))
CLOSED = [route for route in ROUTES if route not in OPEN]


def test_only_the_listed_addresses_are_open():
    assert set(ROUTES) >= OPEN


@pytest.mark.django_db
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("route", CLOSED)
def test_an_address_refuses_who_does_not_say_who_they_are(client, route, method):
    response = getattr(client, method)(address_of(route))
    assert response.status_code == 401
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("route", CLOSED)
def test_an_id_in_an_address_is_typed(route):
    assert not re.search(r"<(str:)?\w*id>", route), "use <uuid:...>: another id is then a 404"


@pytest.mark.parametrize("address", ["/none", "/api/none", "/api/v1/none", "/v1/none"])
def test_an_unknown_address_is_a_problem(client, address):
    response = client.get(address)
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"


def test_the_admin_asks_for_a_login(client):
    response = client.get("/admin/tenants/tenant/")
    assert response.status_code == 302
    assert response["Location"].startswith("/admin/login/")
