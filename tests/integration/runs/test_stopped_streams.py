"""The event streams of a web process that is told to stop."""

import signal
from pathlib import Path

import httpx

from apps.tenants.models import Tenant
from tests.integration.gateway.door.web_process import web_process
from tests.integration.runs.conftest import RunMaker
from tests.integration.runs.test_streamed_text import secret_of
from tests.provider import Provider

LONG = {"GATEWAY_ONLY": "false", "DRAIN_SECONDS": "60"}
SAY = {"name": "a", "kind": "llm", "prompt": "Say hi."}


def test_they_end_at_once_and_do_not_say_that_the_run_is_over(
    make_run: RunMaker, tenant: Tenant, provider_process: Provider, tmp_path: Path
) -> None:
    run = make_run([SAY])
    headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {secret_of(tenant)}"}
    with (
        web_process(provider_process, tmp_path / "web.log", **LONG) as web,
        httpx.stream(
            "GET",
            f"http://127.0.0.1:{web.port}/api/v1/runs/{run.id}/events",
            headers=headers,
            timeout=30,
        ) as answer,
    ):
        lines = answer.iter_lines()
        assert next(lines) == "id: 1"
        web.process.send_signal(signal.SIGTERM)
        assert "event: end" not in list(lines)
        web.process.wait(20)
