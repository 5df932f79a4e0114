"""Links that give one artifact to whoever has them."""

import uuid
from datetime import datetime, timedelta
from io import BytesIO
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from django.test import Client
from rest_framework.test import APIClient

from agentplatform.core.actor import Actor, acting
from agentplatform.core.clock import now
from agentplatform.core.key_ring import render_key
from agentplatform.core.tenancy import no_scope
from apps.tenants.models import AuditEntry, Tenant
from apps.tenants.services.create_api_key import create_api_key
from apps.tenants.services.create_tenant import create_tenant
from apps.tools.api.linked_file import address_of
from apps.tools.facade import store_artifact
from apps.tools.models import Artifact
from apps.tools.services.artifact_links import make_link
from tests.integration.tools.stores import REGION, make_bucket, running_s3

CONTENT = b"a,b\n1,2\n"


@pytest.fixture
def platform(tmp_path, settings):
    """Change settings of the platform."""

    def change(**values):
        settings.PLATFORM = settings.PLATFORM.model_copy(update=values)

    change(artifact_folder=tmp_path / "artifacts", artifact_link_seconds=600)
    return change


@pytest.fixture
def tenant(db, platform):
    return create_tenant(name=f"t-{uuid.uuid4().hex[:8]}", at=now())


@pytest.fixture
def client(tenant):
    key = create_api_key(tenant_id=tenant.id, name="test", scopes=["run"], at=now())
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key.secret}")
    return client


def stored(tenant, name="in.csv", content=CONTENT):
    ref = store_artifact(tenant_id=tenant.id, name=name, content=BytesIO(content), at=now())
    return ref.artifact_id


def ask(client, artifact_id, **body):
    return client.post(f"/api/v1/artifacts/{artifact_id}/link", body, format="json")


def follow(url, method="get", **headers):
    """What somebody gets who has nothing but the link."""
    parts = urlsplit(url)
    with no_scope():
        return getattr(Client(), method)(f"{parts.path}?{parts.query}", headers=headers)


def content_of(response):
    return b"".join(response.streaming_content)


def code_of(response):
    assert response["Content-Type"] == "application/problem+json"
    return response.status_code, response.json()["code"]


def past_link(tenant, artifact_id, *, seconds_ago):
    with acting(Actor(kind="system", name="test")):
        link = make_link(
            tenant_id=tenant.id,
            artifact_id=artifact_id,
            seconds=60,
            at=now() - timedelta(seconds=seconds_ago),
        )
    return address_of(link)


def test_a_link_gives_the_file_to_whoever_has_it(client, tenant):
    made = ask(client, stored(tenant))
    assert made.status_code == 201
    answer = follow(made.json()["url"])
    assert (answer.status_code, content_of(answer)) == (200, CONTENT)
    assert answer["Content-Type"] == "text/csv"
    assert answer["Content-Disposition"] == 'attachment; filename="in.csv"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "private, no-store"


def test_a_link_gives_a_part_of_the_file(client, tenant):
    url = ask(client, stored(tenant)).json()["url"]
    answer = follow(url, Range="bytes=4-")
    assert (answer.status_code, content_of(answer)) == (206, CONTENT[4:])
    head = follow(url, "head")
    assert (head.status_code, head["Content-Length"]) == (200, str(len(CONTENT)))


def test_what_a_browser_would_run_is_sent_as_bytes(client, tenant):
    url = ask(client, stored(tenant, "a.html", b"<script>alert(1)</script>")).json()["url"]
    answer = follow(url)
    assert answer["Content-Type"] == "application/octet-stream"
    content_of(answer)


@pytest.mark.parametrize(("body", "seconds"), [({}, 300), ({"seconds": 5}, 5)])
def test_a_link_says_when_it_ends(client, tenant, body, seconds):
    before = now()
    told = datetime.fromisoformat(ask(client, stored(tenant), **body).json()["expires_at"])
    assert timedelta(seconds=seconds - 1) <= told - before <= timedelta(seconds=seconds + 5)


def test_a_link_is_in_the_audit(client, tenant):
    artifact_id = stored(tenant)
    ask(client, artifact_id)
    entry = AuditEntry.objects.get(tenant=tenant, action="artifact.linked")
    assert (entry.target_id, entry.after["name"]) == (str(artifact_id), "in.csv")


@pytest.mark.parametrize("seconds", [0, -1, 601, "x"])
def test_a_link_that_would_last_wrongly_names_the_field(client, tenant, seconds):
    answer = ask(client, stored(tenant), seconds=seconds)
    assert answer.status_code == 422
    assert "seconds" in answer.json()["errors"]


def test_a_link_that_is_over_is_refused(tenant):
    artifact_id = stored(tenant)
    assert code_of(follow(past_link(tenant, artifact_id, seconds_ago=61))) == (403, "link_refused")
    content_of(follow(past_link(tenant, artifact_id, seconds_ago=50)))


@pytest.mark.parametrize("name", ["tenant", "expires", "signature"])
def test_a_changed_link_is_refused(client, tenant, name):
    url = ask(client, stored(tenant)).json()["url"]
    other = {"tenant": str(uuid.uuid4()), "expires": "99999999999", "signature": "0" * 64}[name]
    for value in (other, "", "x", "\x7f" * 300):
        changed = "&".join(
            f"{name}={value}" if part.startswith(f"{name}=") else part
            for part in urlsplit(url).query.split("&")
        )
        answer = follow(f"{urlsplit(url).path}?{changed}")
        assert code_of(answer) == (403, "link_refused")


def test_a_link_is_good_for_one_artifact(client, tenant):
    url = ask(client, stored(tenant)).json()["url"]
    other = f"/files/{stored(tenant, content=b'other')}?{urlsplit(url).query}"
    assert code_of(follow(other)) == (403, "link_refused")


def test_a_link_ends_with_its_artifact_though_another_has_the_same_content(client, tenant):
    artifact_id = stored(tenant)
    stored(tenant)
    url = ask(client, artifact_id).json()["url"]
    Artifact.objects.filter(id=artifact_id).delete()
    assert code_of(follow(url)) == (404, "not_found")


def test_a_link_rests_while_its_tenant_is_suspended(client, tenant):
    url = ask(client, stored(tenant)).json()["url"]
    Tenant.objects.filter(id=tenant.id).update(status="suspended")
    assert code_of(follow(url)) == (403, "tenant_inactive")
    Tenant.objects.filter(id=tenant.id).update(status="active")
    content_of(follow(url))


def test_a_link_outlives_a_change_of_keys_while_the_old_key_is_kept(tenant, platform, settings):
    keys = type(settings.PLATFORM.encryption_keys)
    old, new = render_key("old"), render_key("new")
    platform(encryption_keys=keys(old))
    url = past_link(tenant, stored(tenant), seconds_ago=0)
    platform(encryption_keys=keys(f"{new},{old}"))
    content_of(follow(url))
    platform(encryption_keys=keys(new))
    assert code_of(follow(url)) == (403, "link_refused")


def test_a_viewer_makes_no_link(tenant):
    key = create_api_key(tenant_id=tenant.id, name="viewer", scopes=["read"], at=now())
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key.secret}")
    assert ask(client, stored(tenant)).status_code == 403


def test_nobody_links_to_another_tenants_artifact(client, platform):
    other = create_tenant(name=f"t-{uuid.uuid4().hex[:8]}", at=now())
    assert ask(client, stored(other)).status_code == 404


def test_a_link_leads_to_the_stores_own_address_where_it_has_one(
    client, tenant, platform, monkeypatch
):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with running_s3() as address:
        platform(
            artifact_store="s3",
            artifact_bucket=make_bucket(address),
            artifact_endpoint_url=address,
            aws_region=REGION,
        )
        url = ask(client, stored(tenant)).json()["url"]
        led = follow(url)
        assert led.status_code == 302
        assert "X-Amz-Expires=60" in led["Location"]
        with urlopen(led["Location"]) as answer:
            assert answer.read() == CONTENT
            assert answer.headers["Content-Disposition"] == 'attachment; filename="in.csv"'
            assert answer.headers["Content-Type"] == "text/csv"
        assert follow(url, "head")["Content-Length"] == str(len(CONTENT))
