"""The metrics' names and labels are a contract with dashboards and alerts."""

import os
import subprocess
import sys

from agentplatform.telemetry import metrics

CONTRACT = {
    "agent_run_duration_seconds": ("tenant_id", "status"),
    "agent_step_duration_seconds": ("step_name", "status"),
    "agent_token_usage_total": ("tenant_id", "provider", "model"),
    "agent_cost_usd_total": ("tenant_id", "provider"),
    "http_requests_total": ("service", "method", "status"),
    "http_request_duration_seconds": ("service", "endpoint"),
    "sqs_messages_visible": ("queue_name",),
    "ecs_task_count": ("service",),
    "llm_requests_total": ("provider", "model", "status"),
    "llm_latency_seconds": ("provider", "model"),
    "llm_first_text_seconds": ("provider", "model"),
    "llm_rate_limit_hits_total": ("tenant_id",),
    "llm_circuit_breaker_state": ("provider",),
    "agent_runs_waiting": ("tenant_id",),
    "agent_calls_waiting": ("tenant_id",),
    "tool_egress_requests_total": ("verdict",),
    "tool_calls_total": ("tool", "status"),
    "tool_call_duration_seconds": ("tool",),
    "alerts_total": ("tenant_id", "kind"),
    "dead_letters_total": ("kind",),
    "dead_letters_open": ("kind",),
}


def test_every_metric_has_exactly_its_agreed_name_and_labels():
    found = {}
    for value in vars(metrics).values():
        labels = getattr(value, "_labelnames", None)
        if labels is not None:
            family = next(iter(value.describe()))
            suffix = "_total" if family.type == "counter" else ""
            found[family.name + suffix] = tuple(labels)
    assert found == CONTRACT


def test_values_beyond_the_cap_share_a_label():
    label = metrics.CappedLabel(2)
    assert [label(name) for name in "abca"] == ["a", "b", "other", "a"]


def test_processes_are_counted_until_they_end(tmp_path):
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    code = "import os\n" + COUNT_PROCESS.format("llm") + "\nos._exit(9)"
    subprocess.run([sys.executable, "-c", code], env=environment, check=False)
    code = COUNT_PROCESS.format("web") + "\n" + RENDER
    text = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    ).stdout
    assert 'ecs_task_count{service="web"} 1.0' in text
    assert 'service="llm"' not in text


COUNT_PROCESS = "from agentplatform.telemetry.metrics import count_process; count_process('{}')"
COUNT = """
from agentplatform.telemetry.metrics import LLM_REQUESTS
LLM_REQUESTS.labels("openai", "gpt", "ok").inc({amount})
"""
RENDER = (
    "from agentplatform.telemetry.metrics import render_metrics; print(render_metrics().decode())"
)


def test_the_processes_of_one_machine_add_up(tmp_path):
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for code in (COUNT.format(amount=2), COUNT.format(amount=3)):
        subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    text = subprocess.run(
        [sys.executable, "-c", RENDER], env=environment, check=True, capture_output=True, text=True
    ).stdout
    assert 'llm_requests_total{model="gpt",provider="openai",status="ok"} 5.0' in text
