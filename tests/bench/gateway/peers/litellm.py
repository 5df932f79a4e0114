"""LiteLLM's proxy, one worker, in front of the same provider."""

import json
import os
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from agentplatform.core.wait import wait_for
from agentplatform.embedded.ports import HOST, any_free
from agentplatform.embedded.program import Program
from tests.bench.engine.bench import Bench
from tests.bench.gateway.load import send
from tests.bench.gateway.side import ANSWER, SLOW, STREAM, Side
from tests.bench.peer_environment import peer_environment

NAME: Final = "litellm"
KEY: Final = "sk-bench"
READY_SECONDS: Final = 120.0
NO_LIMIT: Final = 100_000_000
ENVIRONMENT: Final = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOG": "ERROR",
    "LITELLM_MODE": "PRODUCTION",
}
PLAIN: Final[dict[str, Any]] = {
    "general_settings": {"master_key": KEY},
    "litellm_settings": {"telemetry": False, "drop_params": False},
}


@dataclass(frozen=True)
class Started:
    """`seconds` are those to its first answer."""

    side: Side
    seconds: float


@contextmanager
def running_litellm(bench: Bench, *, is_governed: bool) -> Iterator[Started]:
    """By itself, or with all that it has without a database: limits of requests and tokens and a
    budget in Redis, and metrics. Keys and budgets of tenants need one, so those are on our side
    alone."""
    python = peer_environment("bench-gateway.txt", name="gateway-peers", told="LiteLLM")
    port = any_free()
    configuration = bench.folder / "litellm.json"
    configuration.write_text(json.dumps(_configuration(bench, is_governed)))
    program = Program(
        name=NAME,
        command=(
            *(str(python.with_name("litellm")), "--config", str(configuration)),
            *("--host", HOST, "--port", str(port), "--num_workers", "1"),
        ),
        environment={"PATH": os.environ["PATH"], "HOME": str(bench.folder), **ENVIRONMENT},
        folder=bench.folder,
        log=bench.folder / "litellm.log",
    )
    supervisor = bench.processes.supervisor
    began = time.perf_counter()
    supervisor.start(program)
    try:
        url = f"http://{HOST}:{port}"
        wait_for(
            lambda: _is_ready(url),
            timeout_seconds=READY_SECONDS,
            every_seconds=0.1,
            what=f"LiteLLM; see {program.log}",
        )
        side = Side(url, KEY, supervisor.pids()[NAME])
        send(side.load(ANSWER), requests=1, at_once=1)
        yield Started(side, time.perf_counter() - began)
    finally:
        supervisor.drop(NAME)


def _configuration(bench: Bench, is_governed: bool) -> dict[str, Any]:
    limits = {"rpm": NO_LIMIT, "tpm": NO_LIMIT} if is_governed else {}
    models = [
        {
            "model_name": model,
            "litellm_params": {
                "model": f"openai/{model}",
                "api_base": bench.provider.openai_base_url,
                "api_key": "bench",
                **limits,
            },
        }
        for model in (ANSWER, SLOW, STREAM)
    ]
    configuration = PLAIN | {"model_list": models}
    if not is_governed:
        return configuration
    redis = urlsplit(bench.servers["REDIS_URL"])
    return configuration | {
        "litellm_settings": {**PLAIN["litellm_settings"], "callbacks": ["prometheus"]},
        "router_settings": {
            "routing_strategy": "usage-based-routing-v2",
            "redis_host": redis.hostname,
            "redis_port": redis.port,
            "redis_password": redis.password,
            "provider_budget_config": {"openai": {"budget_limit": NO_LIMIT, "time_period": "1d"}},
        },
    }


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health/liveliness", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
