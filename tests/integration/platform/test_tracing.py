"""Spans leave their process, whichever way it ends; nothing of it is there when nobody asks."""

import os
import subprocess
import sys
import time

from tests.collector import attributes, running_collector

PREPARE = """
import os, sys, django
django.setup()
from agentplatform.telemetry.tracing import stop_tracing, tracer
"""


def run(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PREPARE + code],
        env=os.environ | environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout


def test_without_an_endpoint_nothing_that_makes_spans_is_imported():
    names = ("opentelemetry.sdk.trace", "opentelemetry.exporter")
    told = run(f"print(tracer(), [one for one in sys.modules if one.startswith({names})])")
    assert told.strip() == "None []"


def test_the_sdks_own_switches_turn_it_off():
    endpoint = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    for off in ({"OTEL_SDK_DISABLED": "true"}, {"OTEL_TRACES_EXPORTER": "none"}):
        assert run("print(tracer())", **endpoint, **off).strip() == "None"


def test_spans_that_wait_are_sent_when_the_process_ends():
    with running_collector() as collector:
        run(
            "tracer().start_span('mine').end()",
            OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
            OTEL_EXPORTER_OTLP_HEADERS="x-key=secret",
            OTEL_SERVICE_NAME="named",
        )
    assert [one.name for one in collector.spans] == ["mine"]
    assert collector.headers["x-key"] == "secret"
    assert collector.resources[0]["service.name"] == "named"


def test_a_fork_sends_its_own_spans_and_not_its_parents():
    code = """
tracer().start_span('parent').end()
if os.fork() == 0:
    tracer().start_span('child').end()
    stop_tracing()
    os._exit(0)
os.wait()
"""
    with running_collector() as collector:
        run(code, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
    assert sorted(one.name for one in collector.spans) == ["child", "parent"]


def test_a_worker_childs_spans_are_sent_when_it_is_told_to_stop():
    code = """
from celery.signals import worker_process_shutdown
tracer().start_span('child').end()
worker_process_shutdown.send(sender=None, pid=os.getpid(), exitcode=0)
os._exit(0)
"""
    with running_collector() as collector:
        run(code, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
    assert [one.name for one in collector.spans] == ["child"]


def test_spans_within_each_other_are_parent_and_child():
    code = """
with tracer().start_as_current_span('step', attributes={'n': 1}):
    tracer().start_span('call').end()
"""
    with running_collector() as collector:
        run(code, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
    call, step = sorted(collector.spans, key=lambda one: one.name)
    assert call.parent_span_id == step.span_id
    assert call.trace_id == step.trace_id
    assert attributes(step) == {"n": 1}


def test_a_collector_that_is_away_holds_up_no_end():
    started = time.monotonic()
    run("tracer().start_span('mine').end()", OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9")
    assert time.monotonic() - started < 25  # the SDK by itself asks again for 30
