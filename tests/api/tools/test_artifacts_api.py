"""Artifacts over HTTP."""

import uuid
from io import BytesIO

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient
from rest_framework.test import APIClient

from agentplatform.core.clock import now
from agentplatform.core.tenancy import no_scope
from apps.tenants.services.create_api_key import create_api_key
from apps.tenants.services.create_tenant import create_tenant
from apps.tenants.states import rights_of
from apps.tools.api.download import PART_BYTES

URL = "/api/v1/artifacts"


@pytest.fixture(autouse=True)
def small_store(tmp_path, settings):
    settings.PLATFORM = settings.PLATFORM.model_copy(
        update={"artifact_folder": tmp_path / "artifacts", "artifact_upload_limit_bytes": 1000}
    )


def client_of(role):
    tenant = create_tenant(name=f"t-{uuid.uuid4().hex[:8]}", at=now())
    key = create_api_key(tenant_id=tenant.id, name="test", scopes=rights_of(role), at=now())
    client = APIClient(raise_request_exception=False)
    client.bearer = f"Bearer {key.secret}"
    client.credentials(HTTP_AUTHORIZATION=client.bearer)
    return client


@pytest.fixture
def client(db):
    return client_of("member")


@pytest.fixture
def stranger(db):
    return client_of("member")


def named(name, content):
    file = BytesIO(content)
    file.name = name
    return file


def upload(client, content=b"a,b\n1,2\n", name="in.csv"):
    return client.post(URL, {"file": named(name, content)}, format="multipart")


def content_of(response):
    return b"".join(response.streaming_content)


def test_a_file_goes_up_and_comes_down(client):
    created = upload(client)
    assert created.status_code == 201
    ref = created.json()
    assert (ref["name"], ref["media_type"], ref["size_bytes"]) == ("in.csv", "text/csv", 8)
    assert client.get(f"{URL}/{ref['artifact_id']}").json() == ref
    response = client.get(f"{URL}/{ref['artifact_id']}/content")
    assert content_of(response) == b"a,b\n1,2\n"
    assert response["Content-Type"] == "text/csv"
    assert response["Content-Disposition"] == 'attachment; filename="in.csv"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.html", b"<script>alert(1)</script>"), ("a.svg", b"<svg onload='x'/>"), ("a.png", b"<p>")],
)
def test_what_a_browser_would_run_is_sent_as_bytes(client, name, content):
    ref = upload(client, content, name).json()
    response = client.get(f"{URL}/{ref['artifact_id']}/content")
    assert response["Content-Type"] == "application/octet-stream"
    assert content_of(response) == content


@pytest.mark.parametrize("name", ['a"b.csv', "naïve ü.csv", "../../x.csv", "a\r\nX: y.csv"])
def test_any_file_name_is_harmless(client, name):
    ref = upload(client, name=name).json()
    assert ref["name"].isprintable()
    assert ".." not in ref["name"]
    response = client.get(f"{URL}/{ref['artifact_id']}/content")
    assert response["Content-Disposition"].startswith("attachment; filename")
    assert content_of(response)


def test_a_big_file_is_sent_piece_by_piece(client, settings):
    size = 5 * PART_BYTES
    settings.PLATFORM = settings.PLATFORM.model_copy(update={"artifact_upload_limit_bytes": size})
    ref = upload(client, b"x" * size).json()

    @async_to_sync
    async def sizes():
        path = f"{URL}/{ref['artifact_id']}/content"
        answer = await AsyncClient().get(path, headers={"Authorization": client.bearer})
        assert (answer.is_async, answer["Content-Length"]) == (True, str(size))
        return [len(part) async for part in answer.streaming_content]

    with no_scope():
        assert sizes() == [PART_BYTES] * 5


@pytest.mark.parametrize(
    ("asked", "status", "content", "told"),
    [
        ("bytes=0-3", 206, b"0123", "bytes 0-3/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-2", 206, b"89", "bytes 8-9/10"),
        ("bytes=-99", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=8-99", 206, b"89", "bytes 8-9/10"),
        ("bytes=10-", 416, None, "bytes */10"),
        ("bytes=-0", 416, None, "bytes */10"),
        ("bytes=5-2", 200, b"0123456789", None),
        ("bytes=0-1,4-5", 200, b"0123456789", None),
        ("bytes=-", 200, b"0123456789", None),
        ("lines=1-2", 200, b"0123456789", None),
    ],
)
def test_a_part_of_a_file_can_be_asked_for(client, asked, status, content, told):
    ref = upload(client, b"0123456789").json()
    response = client.get(f"{URL}/{ref['artifact_id']}/content", headers={"Range": asked})
    assert (response.status_code, response.get("Content-Range")) == (status, told)
    if content is not None:
        assert content_of(response) == content
        assert response["Content-Length"] == str(len(content))


def test_a_part_of_another_version_is_not_sent(client):
    ref = upload(client, b"0123456789").json()
    path = f"{URL}/{ref['artifact_id']}/content"
    whole = client.get(path)
    content_of(whole)
    for known, status in ((whole["ETag"], 206), ('"other"', 200)):
        response = client.get(path, headers={"Range": "bytes=1-2", "If-Range": known})
        assert response.status_code == status
        content_of(response)


def test_a_file_over_the_limit_is_413(client):
    assert upload(client, b"x" * 1000).status_code == 201
    response = upload(client, b"x" * 1001)
    assert response.status_code == 413
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "too_large"
    assert "1000 bytes" in response.json()["detail"]


def test_an_upload_without_a_file_names_the_field(client):
    response = client.post(URL, {}, format="multipart")
    assert response.status_code == 422
    assert "file" in response.json()["errors"]


def test_an_upload_that_is_no_form_is_415(client):
    assert client.post(URL, {"file": "x"}, format="json").status_code == 415


def test_an_empty_file_can_be_stored(client):
    ref = upload(client, b"").json()
    response = client.get(f"{URL}/{ref['artifact_id']}/content")
    assert content_of(response) == b""


@pytest.mark.parametrize("tail", ["", "/content"])
def test_another_tenants_artifact_looks_missing(client, stranger, tail):
    ref = upload(client).json()
    foreign = stranger.get(f"{URL}/{ref['artifact_id']}{tail}")
    missing = stranger.get(f"{URL}/{uuid.uuid4()}{tail}")
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json()["code"] == missing.json()["code"] == "not_found"


@pytest.mark.parametrize("tail", ["/no-id", "/no-id/content"])
def test_what_is_no_id_is_missing(client, tail):
    response = client.get(f"{URL}{tail}")
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"


def test_a_viewer_reads_and_does_not_upload(db):
    assert upload(client_of("viewer")).status_code == 403


def test_nothing_works_without_a_key(db):
    client = APIClient()
    assert upload(client).status_code == 401
    assert client.get(f"{URL}/{uuid.uuid4()}/content").status_code == 401
