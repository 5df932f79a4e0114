"""Health and metrics."""

from threading import Event

import pytest
from django.test import override_settings
from prometheus_client.parser import text_string_to_metric_families

from agentplatform.api.health import readiness

UNREACHABLE = "redis://127.0.0.1:1/0"


def test_liveness_needs_nothing(client):
    assert client.get("/health").json() == {"status": "ok"}


@pytest.mark.django_db(transaction=True)
def test_readiness_names_each_part(client):
    response = client.get("/health/ready")
    assert response.json() == {
        "status": "ok",
        "parts": {
            "database": "ok",
            "migrations": "ok",
            "isolation": "ok",
            "redis": "ok",
            "broker": "ok",
        },
    }
    assert response.status_code == 200


@pytest.mark.django_db(transaction=True)
@override_settings(REDIS_URL=UNREACHABLE, CELERY_BROKER_URL=UNREACHABLE)
def test_a_part_that_is_down_makes_the_process_not_ready(client):
    response = client.get("/health/ready")
    assert response.status_code == 503
    assert response.json()["parts"] == {
        "database": "ok",
        "migrations": "ok",
        "isolation": "ok",
        "redis": "down",
        "broker": "down",
    }


def test_a_part_that_hangs_is_down_in_time():
    release = Event()
    try:
        parts = readiness({"a": lambda: None, "b": release.wait}, deadline_seconds=0.05)
    finally:
        release.set()
    assert parts == {"a": "ok", "b": "down"}


def test_metrics_are_prometheus_text(client):
    client.get("/health")
    families = {
        family.name
        for family in text_string_to_metric_families(client.get("/metrics").content.decode())
    }
    assert {"http_requests", "http_request_duration_seconds"} <= families


@pytest.mark.parametrize("address", ["/health", "/health/ready", "/metrics"])
def test_operations_only_read(client, address):
    assert client.post(address).status_code == 405
