"""What a browser is told of every answer."""

import asyncio

import pytest
from django.test import Client
from django.utils.datastructures import CaseInsensitiveMapping
from rest_framework.test import APIClient

from agentplatform.api.bounds import BodyBounds
from agentplatform.core.clock import now
from apps.tenants.services.create_api_key import create_api_key
from apps.tenants.services.create_tenant import create_tenant

STATIC = "/static/unfold/js/app.js"
ORIGIN = "https://console.example.org"


@pytest.fixture
def web(settings):
    """A client that also gets static files, as the web process serves them."""
    settings.WHITENOISE_USE_FINDERS = True
    return Client(raise_request_exception=False)


@pytest.fixture
def member(db):
    tenant = create_tenant(name="Acme", at=now())
    key = create_api_key(tenant_id=tenant.id, name="test", at=now())
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key.secret}")
    return client


def assert_safe(headers):
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    directives = directives_of(headers)
    assert directives["default-src"] == directives["frame-ancestors"] == "'none'"
    assert directives["base-uri"] == "'none'"


def directives_of(headers):
    parts = headers["Content-Security-Policy"].split(";")
    return dict(part.strip().partition(" ")[::2] for part in parts)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/api/v1/runs", 401),
        ("/api/schema/", 200),
        ("/api/docs/", 200),
        ("/admin/login/", 200),
        ("/admin/", 302),
        ("/admin/nothing/", 302),
        ("/health", 200),
        ("/metrics", 200),
        ("/", 302),
        ("/nothing", 404),
        ("/?a=%00", 400),
        (STATIC, 200),
        ("/static/nothing.js", 404),
    ],
)
def test_every_answer_has_the_headers(web, address, status):
    response = web.get(address)
    assert response.status_code == status
    assert_safe(response.headers)
    assert response["X-Frame-Options"] == "DENY"


def test_an_answer_of_the_api_has_the_headers_and_may_load_nothing(member):
    response = member.get("/api/v1/runs")
    assert response.status_code == 200
    assert_safe(response.headers)
    assert directives_of(response.headers) == {
        "default-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }


def test_an_unknown_host_gets_the_headers(web):
    response = web.get("/health", headers={"Host": "evil"})
    assert response.status_code == 400
    assert_safe(response.headers)


def test_a_refusal_before_django_has_the_headers():
    sent = []

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "headers": [(b"transfer-encoding", b"chunked")]}
    asyncio.run(BodyBounds(None)(scope, None, send))
    pairs = ((name.decode(), value.decode()) for name, value in sent[0]["headers"])
    assert_safe(CaseInsensitiveMapping(pairs))


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/api/v1/runs", "/api/schema/", "/api/docs/", "/admin/login/"])
def test_answers_are_not_kept(web, address):
    assert "no-store" in web.get(address)["Cache-Control"]


def test_static_files_may_be_kept(web):
    assert "no-store" not in web.get(STATIC)["Cache-Control"]


def test_no_page_may_run_an_inline_script(web, db):
    for address in ("/admin/login/", "/api/docs/"):
        assert "unsafe-inline" not in directives_of(web.get(address).headers)["script-src"]


def test_only_the_admin_may_compile_scripts(web, db):
    assert "unsafe-eval" in directives_of(web.get("/admin/login/").headers)["script-src"]
    assert "unsafe" not in web.get("/api/docs/")["Content-Security-Policy"]


def test_each_answer_has_a_nonce_of_its_own(web):
    policies = {directives_of(web.get("/api/docs/").headers)["script-src"] for _ in range(2)}
    assert len(policies) == 2


def test_the_documentation_sets_no_cookie(web):
    assert not web.get("/api/docs/").cookies


def preflight(client):
    return client.options(
        "/api/v1/runs", headers={"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    )


def is_cors(response):
    return any(name.lower().startswith("access-control-") for name in response.headers)


@pytest.mark.django_db
def test_no_other_origin_may_call_by_default(web):
    assert preflight(web).status_code == 401
    assert not is_cors(preflight(web))
    assert not is_cors(web.get("/api/v1/runs", headers={"Origin": ORIGIN}))


@pytest.mark.django_db
def test_a_listed_origin_may_call_the_api_without_cookies(web, settings):
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]
    settings.CORS_URLS_REGEX = r"^/api/"
    answer = preflight(web)
    assert answer["Access-Control-Allow-Origin"] == ORIGIN
    assert "authorization" in answer["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer
    other = web.get("/api/v1/runs", headers={"Origin": "https://evil.example.org"})
    assert "Access-Control-Allow-Origin" not in other
    assert not is_cors(web.get("/admin/login/", headers={"Origin": ORIGIN}))
