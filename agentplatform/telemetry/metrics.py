"""Every metric of the platform, and how the processes of one machine add theirs up.

With PROMETHEUS_MULTIPROC_DIR set, each process writes its samples to a file in that folder and the
web process serves their sum.
"""

import os
from pathlib import Path
from threading import Lock

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
from prometheus_client import values as samples

from agentplatform.core.processes import is_running, process_number


def _shared_folder() -> str:
    return os.environ.get("PROMETHEUS_MULTIPROC_DIR", "")


disable_created_metrics()  # type: ignore[no-untyped-call]
if _shared_folder():
    # Each sample asks for the process's number, some 16 times for a model call: not of the system.
    samples.ValueClass = samples.MultiProcessValue(process_number)  # type: ignore[no-untyped-call]

CONTENT_TYPE = CONTENT_TYPE_LATEST
OTHER = "other"

_REQUEST_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5, 10)
_CALL_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120)
_TOOL_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
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
LLM_FIRST_TEXT = Histogram(
    "llm_first_text_seconds",
    "How long the first text of a streamed answer took.",
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
TOOL_EGRESS_REQUESTS = Counter(
    "tool_egress_requests_total",
    "Requests of tool calls to the outside, by whether they were allowed.",
    ["verdict"],
)
TOOL_CALLS = Counter(
    "tool_calls_total", "Tool calls that ended, by how they ended.", ["tool", "status"]
)
TOOL_CALL_DURATION = Histogram(
    "tool_call_duration_seconds",
    "How long one execution of a tool call took.",
    ["tool"],
    buckets=_TOOL_BUCKETS,
)
ALERTS = Counter(
    "alerts_total",
    "Alerts that were raised; without a tenant, the platform's own.",
    ["tenant_id", "kind"],
)
DEAD_LETTERS = Counter("dead_letters_total", "Dead letters that were written.", ["kind"])
DEAD_LETTERS_OPEN = Gauge(
    "dead_letters_open",
    "Dead letters that nobody has replayed or discarded.",
    ["kind"],
    multiprocess_mode="mostrecent",
)
RUNS_WAITING = Gauge(
    "agent_runs_waiting",
    "Runs that wait for a place under a cap.",
    ["tenant_id"],
    multiprocess_mode="mostrecent",
)
CALLS_WAITING = Gauge(
    "agent_calls_waiting",
    "Model and tool calls that wait for a place under a cap.",
    ["tenant_id"],
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


class CappedLabel:
    """Values of a label that tenants choose: the first `cap` that this process meets are kept,
    the rest are "other", so that nobody can flood Prometheus."""

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._known: set[str] = set()
        self._lock = Lock()

    def __call__(self, value: object) -> str:
        label = str(value)
        if label in self._known:
            return label
        with self._lock:
            if len(self._known) >= self._cap:
                return OTHER
            self._known.add(label)
        return label


tenant_label = CappedLabel(200)
step_label = CappedLabel(500)
tool_label = CappedLabel(100)


def render_metrics() -> bytes:
    """All metrics in Prometheus' text format: of every process here, or of this one alone."""
    if not _shared_folder():
        return generate_latest(REGISTRY)
    _forget_ended_processes()
    registry = CollectorRegistry()
    shared.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def count_process(service: str) -> None:
    """Count this process among those of its service, until it ends."""
    ECS_TASK_COUNT.labels(service).set(1)


def mark_process_dead(pid: int) -> None:
    """Forget the live gauges of a process that ended; its counters keep counting."""
    if _shared_folder():
        shared.mark_process_dead(pid)  # type: ignore[no-untyped-call]


def _forget_ended_processes() -> None:
    """Those too that could not say so: what was killed leaves its files."""
    written = {int(path.stem.rpartition("_")[2]) for path in Path(_shared_folder()).glob("*_*.db")}
    for pid in written:
        if not is_running(pid):
            mark_process_dead(pid)
