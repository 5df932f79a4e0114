"""Every metric of the platform, and how the processes of one machine add theirs up.

With PROMETHEUS_MULTIPROC_DIR set, each process writes its samples to a file in that folder and the
web process serves their sum.
"""

import os
from threading import Lock
from uuid import UUID

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client import multiprocess as shared

disable_created_metrics()  # type: ignore[no-untyped-call]

CONTENT_TYPE = CONTENT_TYPE_LATEST
TENANT_CAP = 200
OTHER = "other"

_REQUEST_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5, 10)
_CALL_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120)
_RUN_BUCKETS = (0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600)

RUN_DURATION = Histogram(
    "agent_run_duration_seconds",
    "From the start of a run to its end.",
    ["tenant_id", "status"],
    buckets=_RUN_BUCKETS,
)
STEP_DURATION = Histogram(
    "agent_step_duration_seconds",
    "From the start of a step to its end.",
    ["step_name", "status"],
    buckets=_RUN_BUCKETS,
)
TOKEN_USAGE = Counter(
    "agent_token_usage_total",
    "Tokens that providers reported.",
    ["tenant_id", "provider", "model"],
)
COST_USD = Counter(
    "agent_cost_usd_total", "What model calls cost, in USD.", ["tenant_id", "provider"]
)
HTTP_REQUESTS = Counter(
    "http_requests_total", "Answered HTTP requests.", ["service", "method", "status"]
)
HTTP_DURATION = Histogram(
    "http_request_duration_seconds",
    "From the first byte of a request to the start of its answer, by address template.",
    ["service", "endpoint"],
    buckets=_REQUEST_BUCKETS,
)
LLM_REQUESTS = Counter(
    "llm_requests_total", "Attempts to call a provider.", ["provider", "model", "status"]
)
LLM_LATENCY = Histogram(
    "llm_latency_seconds",
    "How long one attempt to call a provider took.",
    ["provider", "model"],
    buckets=_CALL_BUCKETS,
)
LLM_RATE_LIMIT_HITS = Counter(
    "llm_rate_limit_hits_total", "Calls refused by a tenant's rate limit.", ["tenant_id"]
)
LLM_CIRCUIT_BREAKER_STATE = Gauge(
    "llm_circuit_breaker_state",
    "0 closed, 1 half open, 2 open.",
    ["provider"],
    multiprocess_mode="mostrecent",
)
SQS_MESSAGES_VISIBLE = Gauge(
    "sqs_messages_visible",
    "Messages that wait in a queue.",
    ["queue_name"],
    multiprocess_mode="mostrecent",
)
ECS_TASK_COUNT = Gauge(
    "ecs_task_count", "Running processes of a service.", ["service"], multiprocess_mode="livesum"
)

_labelled_tenants: set[str] = set()
_lock = Lock()


def tenant_label(tenant_id: UUID | str) -> str:
    """The value of the label `tenant_id`: the id itself for the first TENANT_CAP tenants that this
    process meets, "other" for the rest, so that no number of tenants can flood Prometheus."""
    label = str(tenant_id)
    if label in _labelled_tenants:
        return label
    with _lock:
        if len(_labelled_tenants) >= TENANT_CAP:
            return OTHER
        _labelled_tenants.add(label)
    return label


def render_metrics() -> bytes:
    """All metrics in Prometheus' text format: of every process here, or of this one alone."""
    if not _shared_folder():
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    shared.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def mark_process_dead(pid: int) -> None:
    """Forget the live gauges of a process that ended; its counters keep counting."""
    if _shared_folder():
        shared.mark_process_dead(pid)  # type: ignore[no-untyped-call]


def _shared_folder() -> str:
    return os.environ.get("PROMETHEUS_MULTIPROC_DIR", "")
