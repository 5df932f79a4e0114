"""The primary is down: once every process of the gateway knows, it sees one probe an interval of
them all, while every caller has the backup's answer."""

import time
from pathlib import Path

from agentplatform.core.wait import wait_for
from tests.chaos.gateway_processes import Callers, gateway_clients, gateway_processes
from tests.integration.gateway.calls import start_work
from tests.provider import Provider

DOORS, CALLERS = 4, 8
THRESHOLD = 8
OPEN_SECONDS = 2.0
PROBES = 2
DOWN, BACKUP = "gpt-4o-mini", "claude-haiku-4-5"
LATENCY_MS = 50


def test_a_primary_that_is_down_sees_one_probe_an_interval(
    provider: Provider, place: dict[str, str], tmp_path: Path
) -> None:
    provider.control(model=DOWN, behaviour="error-503")
    provider.control(model=BACKUP, behaviour=f"latency-{LATENCY_MS}")
    settings = place | {
        "ANTHROPIC_API_KEY": "test",
        "ANTHROPIC_BASE_URL": provider.anthropic_base_url,
        "ANTHROPIC_MODEL": BACKUP,
        "BREAKER_LEAST_CALLS": str(THRESHOLD),
        "BREAKER_OPEN_SECONDS": str(OPEN_SECONDS),
    }

    def asked() -> int:
        count: int = provider.requests()["by_model"].get(DOWN, 0)
        return count

    with (
        gateway_processes(settings, tmp_path / "log", doors=DOORS, workers=0) as processes,
        gateway_clients(start_work(), processes, max_tokens=60) as client,
    ):
        callers = Callers(client, CALLERS)

        def is_left_alone() -> bool:
            """While everybody calls at every process."""
            before, answered = asked(), callers.outcomes["whole"]
            wait_for(
                lambda: callers.outcomes["whole"] >= answered + 3 * CALLERS,
                timeout_seconds=20,
                what="answers",
            )
            return before >= THRESHOLD and asked() - before <= 1

        callers.start()
        try:
            wait_for(is_left_alone, timeout_seconds=20, what="all processes to know")
            before, began = asked(), time.monotonic()
            wait_for(lambda: asked() >= before + PROBES, timeout_seconds=20, what="probes")
            probes, watched = asked() - before, time.monotonic() - began
        finally:
            callers.stop()
    assert PROBES <= probes <= watched / OPEN_SECONDS + 1
    assert set(callers.outcomes) == {"whole"}
