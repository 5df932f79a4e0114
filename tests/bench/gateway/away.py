"""How long callers wait while PostgreSQL or Valkey refuses, or is silent."""

import http.client
import json
import os
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from agentplatform.core.postgresql.roles import LOGINS
from agentplatform.core.wait import wait_for
from tests.bench.bars import Measured
from tests.bench.engine.bench import Bench
from tests.bench.engine.processes import GATEWAY, Processes
from tests.bench.gateway.side import ANSWER, chat_body
from tests.chaos.wire import Wire

REQUESTS = 20
BAR_MS = 250.0
FAULTS = (
    ("valkey", "refuse"),
    ("valkey", "silence"),
    ("postgresql", "refuse"),
    ("postgresql", "silence"),
)


def measure_away(bench: Bench, rounds: int) -> Iterator[Measured]:
    """Requests one after the other, from the moment of the fault: without Valkey they are answered,
    without PostgreSQL refused."""
    with _gateway_on_wires(bench) as (url, wires):
        for name, fault in FAULTS:
            expected = 200 if name == "valkey" else 503
            took = []
            for _ in range(rounds):
                _wait_for_answer(url, bench)
                getattr(wires[name], fault)()
                took += [_ask(url, bench, expected) for _ in range(REQUESTS)]
                wires[name].mend()
            for share, value in (("p50", statistics.median(took)), ("slowest", max(took))):
                yield Measured(
                    name=f"a request while {name} is {'away' if fault == 'refuse' else 'silent'}, "
                    f"{share}",
                    measured=value,
                    unit="ms",
                    bar=BAR_MS if share == "p50" else None,
                )


@contextmanager
def _gateway_on_wires(bench: Bench) -> Iterator[tuple[str, dict[str, Wire]]]:
    """A gateway process that reaches its servers over lines that can break."""
    ports = {"postgresql": "DATABASE_URL", "valkey": "REDIS_URL"}
    wires = {name: Wire(urlsplit(bench.servers[key]).port or 0) for name, key in ports.items()}
    addresses = {key: _through(wires["postgresql"], bench.servers[key]) for key in LOGINS}
    addresses["REDIS_URL"] = _through(wires["valkey"], bench.servers["REDIS_URL"])
    folder = bench.folder / "away"
    folder.mkdir()
    processes = Processes(folder, os.environ | addresses)
    try:
        processes.start((GATEWAY,))
        yield processes.url, wires
    finally:
        processes.supervisor.stop()
        for wire in wires.values():
            wire.close()


def _through(wire: Wire, address: str) -> str:
    return address.replace(f":{urlsplit(address).port}/", f":{wire.port}/")


def _ask(url: str, bench: Bench, expected: int) -> float:
    """How many milliseconds the answer took. Raises RuntimeError for another status."""
    began = time.perf_counter()
    status, body = _post(url, bench)
    took = (time.perf_counter() - began) * 1000
    if status != expected:
        raise RuntimeError(f"the status is {status} in place of {expected}: {body!r}")
    return took


def _post(url: str, bench: Bench) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        connection.request(
            "POST",
            "/v1/chat/completions",
            json.dumps(chat_body(f"openai:{ANSWER}")),
            {"authorization": f"Bearer {bench.api_key}", "content-type": "application/json"},
        )
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _wait_for_answer(url: str, bench: Bench) -> None:
    wait_for(lambda: _post(url, bench)[0] == 200, timeout_seconds=30, what="an answer")
