"""What every address of the API has in common, shown on a small view of its own."""

import json

import pytest
import structlog
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client
from django.urls import path
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView
from structlog.testing import capture_logs

from agentplatform import urls as platform_urls
from agentplatform.api.idempotency import idempotency_key
from agentplatform.api.serializers import StrictSerializer
from agentplatform.core.clock import now
from agentplatform.core.errors import Conflict
from apps.tenants.facade import principal_of
from apps.tenants.services.create_api_key import create_api_key
from apps.tenants.services.create_tenant import create_tenant
from apps.tenants.states import rights_of

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

TRACE = "0af7651916cd43dd8448eb211c80319c"


class EchoSerializer(StrictSerializer):
    name = serializers.CharField(max_length=10)
    status = serializers.CharField(read_only=True)


class EchoView(APIView):
    required_right = "run"
    required_right_to_read = "read"

    def get(self, request, echo_id=None):
        return Response({"tenant": str(principal_of(request).tenant_id)})

    def post(self, request, echo_id=None):
        serializer = EchoSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response({"key": idempotency_key(request), **serializer.data}, status=201)

    def delete(self, request, echo_id=None):
        raise Conflict("It is still in use.")

    def put(self, request, echo_id=None):
        raise RuntimeError("a secret detail")


class ManageView(APIView):
    required_right = "admin"

    def post(self, request):
        return Response({})


class SilentView(APIView):
    def get(self, request):
        return Response({})

    def post(self, request):
        return Response({})


urlpatterns = [
    path("api/v1/silent", SilentView.as_view()),
    path("api/v1/echo", EchoView.as_view()),
    path("api/v1/echo/<uuid:echo_id>", EchoView.as_view()),
    path("api/v1/manage", ManageView.as_view()),
    *platform_urls.urlpatterns,
]
handler400, handler403 = platform_urls.handler400, platform_urls.handler403
handler404, handler500 = platform_urls.handler404, platform_urls.handler500


def client_of(role):
    tenant = create_tenant(name=f"Tenant of {role}", at=now())
    key = create_api_key(tenant_id=tenant.id, name="test", scopes=rights_of(role), at=now())
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key.secret}")
    client.tenant = tenant
    return client


@pytest.fixture
def member():
    return client_of("member")


def assert_problem(response, status, code):
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body = json.loads(response.content)
    assert (body["status"], body["code"]) == (status, code)
    assert body["trace_id"] == response["X-Request-ID"]
    return body


def test_a_key_names_its_tenant(member):
    assert member.get("/api/v1/echo").json() == {"tenant": str(member.tenant.id)}


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Basic dXNlcjpwYXNz",
        "Bearer",
        "Bearer nonsense",
        "Bearer ap_aaaaaaaa_" + "a" * 40,
        "Bearer \x00",
        "Bearer \N{SNOWMAN}",
    ],
)
def test_without_a_working_key_nobody_comes_in(client, header):
    headers = {} if header is None else {"Authorization": header}
    response = client.get("/api/v1/echo", headers=headers)
    assert_problem(response, 401, "unauthenticated")
    assert response["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("role", "method", "address", "status"),
    [
        ("viewer", "get", "/api/v1/echo", 200),
        ("viewer", "post", "/api/v1/echo", 403),
        ("viewer", "post", "/api/v1/manage", 403),
        ("member", "get", "/api/v1/echo", 200),
        ("member", "post", "/api/v1/echo", 201),
        ("member", "post", "/api/v1/manage", 403),
        ("admin", "post", "/api/v1/echo", 201),
        ("admin", "post", "/api/v1/manage", 200),
        ("admin", "get", "/api/v1/silent", 403),
        ("admin", "post", "/api/v1/silent", 403),
        ("viewer", "put", "/api/v1/silent", 405),
        ("viewer", "options", "/api/v1/echo", 200),
    ],
)
def test_a_view_takes_the_right_it_says(role, method, address, status):
    response = getattr(client_of(role), method)(address, {"name": "x"})
    assert response.status_code == status
    if status == 403:
        assert_problem(response, 403, "forbidden")


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"name": ["This field is required."]}),
        ({"name": "x", "color": 1}, {"color": ["There is no such field."]}),
        ({"name": "x", "status": "y"}, {"status": ["This field cannot be set."]}),
        ([], {"": ["Send a JSON object."]}),
    ],
)
def test_wrong_fields_are_named(member, body, errors):
    response = member.post("/api/v1/echo", body)
    assert assert_problem(response, 422, "invalid")["errors"] == errors


@pytest.mark.parametrize(
    ("content_type", "body", "status", "code"),
    [
        ("application/json", b"{", 400, "malformed"),
        ("application/json", b'{"name": "\\u0000"}', 422, "invalid"),
        ("application/json", b"[" * 100_000, 400, "malformed"),
        ("application/json", b" " * 1_100_000, 413, "too_large"),
        ("application/json; charset=utf-16", '{"name": "x"}'.encode("utf-16"), 400, "malformed"),
        ("text/plain", b"{}", 415, "unsupported_media_type"),
        ("multipart/form-data; boundary=x", b"--x--", 415, "unsupported_media_type"),
        ("nonsense", b"{}", 415, "unsupported_media_type"),
    ],
)
def test_bodies_that_cannot_be_read_are_refused(member, content_type, body, status, code):
    response = member.post("/api/v1/echo", body, content_type=content_type)
    assert_problem(response, status, code)
    assert status != 413 or "larger than 1048576 bytes" in response.json()["detail"]


def test_a_declared_length_above_every_limit_is_refused_unread(client):
    response = client.generic(
        "POST", "/api/v1/echo", b"", "application/json", CONTENT_LENGTH=str(10**12)
    )
    assert_problem(response, 413, "too_large")


def test_a_body_of_unknown_length_is_refused(client):
    response = client.generic("POST", "/health", headers={"Transfer-Encoding": "chunked"})
    assert_problem(response, 411, "length_required")


@pytest.mark.parametrize(
    ("method", "address", "status", "code"),
    [
        ("get", "/api/v1/none", 404, "not_found"),
        ("get", "/nothing", 404, "not_found"),
        ("get", "/api/v1/echo/42", 404, "not_found"),
        ("get", "/api/v1/echo/01A20688-4FB9-7466-BCE7-6FE5CC91FEBB", 404, "not_found"),
        ("get", "/api/v1/echo?a=%00", 400, "malformed"),
        ("get", "/api/v1/echo%00", 400, "malformed"),
        ("patch", "/api/v1/echo", 405, "method_not_allowed"),
        ("delete", "/api/v1/echo", 409, "conflict"),
    ],
)
def test_odd_requests_are_problems(member, method, address, status, code):
    assert_problem(getattr(member, method)(address), status, code)


def test_an_answer_in_html_cannot_be_had(member):
    assert_problem(
        member.get("/api/v1/echo", headers={"Accept": "text/html"}), 406, "not_acceptable"
    )


def test_a_failure_of_the_server_tells_nothing_but_its_trace(member):
    member.raise_request_exception = False
    response = member.put("/api/v1/echo", {"name": "x"})
    assert_problem(response, 500, "internal_error")
    assert "secret detail" not in response.content.decode()


def test_an_unknown_host_is_a_problem(client):
    assert_problem(client.get("/api/v1/echo", headers={"Host": "evil"}), 400, "malformed")


def test_the_admin_keeps_its_pages(client):
    response = client.get("/admin/none/")
    assert response["Content-Type"].startswith("text/html")


def test_an_idempotency_key_is_read(member):
    response = member.post("/api/v1/echo", {"name": "x"}, headers={"Idempotency-Key": "k-1"})
    assert response.json()["key"] == "k-1"


@pytest.mark.parametrize("key", ["", " ", "a b", "\N{SNOWMAN}", "k" * 256])
def test_a_bad_idempotency_key_is_named(member, key):
    response = member.post("/api/v1/echo", {"name": "x"}, headers={"Idempotency-Key": key})
    assert "Idempotency-Key" in assert_problem(response, 422, "invalid")["errors"]


def test_a_trace_is_continued_and_told(client):
    response = client.get("/health", headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})
    assert response["X-Request-ID"] == TRACE


def test_requests_are_counted_by_the_template_of_their_address(member):
    member.get("/api/v1/echo/01a20688-4fb9-7466-bce7-6fe5cc91febb")
    member.generic("BREW", "/api/v1/echo/01a20688-4fb9-7466-bce7-6fe5cc91febb")
    text = Client().get("/metrics").content.decode()
    assert 'endpoint="/api/v1/echo/<uuid:echo_id>",service="web"' in text
    assert 'http_requests_total{method="OTHER",service="web",status="405"}' in text
    assert "01a20688" not in text
    assert "BREW" not in text


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_the_line_of_a_request_says_whose_it_was(member, kind):
    header = {"Authorization": member._credentials["HTTP_AUTHORIZATION"]}
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        if kind == "sync":
            Client().get("/api/v1/echo?secret=1", headers=header)
        else:
            async_to_sync(AsyncClient().get)("/api/v1/echo?secret=1", headers=header)
    (line,) = [line for line in lines if line["event"] == "request.finished"]
    assert line["tenant_id"] == str(member.tenant.id)
    assert (line["path"], line["status"]) == ("/api/v1/echo", 200)
    assert len(line["trace_id"]) == 32
