"""A tenant, runs of it, a provider that answers, and workers on the real broker."""

import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery import current_app
from kombu.message import Message

from agentplatform.core.clock import now
from agentplatform.core.wait import wait_for
from agentplatform.queues import POOLS
from apps.runs.models import Run, RunEvent, Step
from apps.runs.selectors import newest_version
from apps.runs.services.cancel_run import cancel_run
from apps.runs.services.create_run import create_run
from apps.runs.services.save_task import create_task
from apps.runs.states import RUN
from apps.tenants.models import Tenant
from tests.database import role_addresses
from tests.installed_graph import install_graph as install_graph
from tests.installed_tool import install_tool as install_tool
from tests.provider import Provider, running_provider


@pytest.fixture(scope="module", autouse=True)
def _broker(broker: str) -> None:
    """Every test of this folder, on the broker that it or the command line names."""


@pytest.fixture
def tenant(transactional_db: None) -> Tenant:
    slug = f"t-{uuid.uuid4().hex[:8]}"
    return Tenant.objects.create(name=slug, slug=slug)


RunMaker = Callable[..., Run]


@pytest.fixture
def make_run(tenant: Tenant) -> RunMaker:
    """A run of a task of these steps: `make_run([step, ...], given={...}, token_budget=...)`."""

    def make(steps: list[dict[str, Any]], given: dict[str, Any] | None = None, **more: Any) -> Run:
        spec = {"steps": steps, **more.pop("spec", {})}
        task = create_task(
            tenant_id=tenant.id,
            name=uuid.uuid4().hex,
            description="",
            spec=spec,
            created_by=None,
            at=now(),
        )
        run, _ = create_run(
            version=newest_version(task), given=given or {}, created_by=None, at=now(), **more
        )
        return run

    return make


@pytest.fixture(scope="session")
def provider_process() -> Iterator[Provider]:
    with running_provider() as provider:
        yield provider


@pytest.fixture
def provider(workers: None, provider_process: Provider) -> Provider:
    """What the workers know as OpenAI; nothing is billed yet."""
    return provider_process


@pytest.fixture
def empty_queues() -> None:
    """No message of another test is left."""
    take_messages()


def start_worker(pool: str, provider: Provider) -> "subprocess.Popen[bytes]":
    """A worker of this pool, in a process group of its own."""
    environment = {
        **os.environ,
        **role_addresses(),
        "OPENAI_API_KEY": "test",
        "OPENAI_BASE_URL": provider.openai_base_url,
        "OPENAI_MODEL": "gpt-4o-mini",
    }
    command = [sys.executable, "-m", "agentplatform.worker", pool]
    return subprocess.Popen(command, env=environment, start_new_session=True)


@pytest.fixture(scope="module")
def worker_processes(
    django_db_setup: None, broker: str, provider_process: Provider
) -> Iterator[None]:
    """One worker process for each pool, on the test database and the real broker.

    They end with their module: another one may look into the queues that they empty.
    """
    processes = [start_worker(pool.name, provider_process) for pool in POOLS]
    yield
    for process in processes:
        process.terminate()
    for process in processes:
        process.wait(timeout=30)


@pytest.fixture
def workers(
    transactional_db: None, worker_processes: None, provider_process: Provider
) -> Iterator[None]:
    """Workers on the real broker; they are idle again when the test's rows are deleted."""
    provider_process.reset()
    yield
    for run in Run.objects.exclude(status__in=RUN.terminal):
        cancel_run(run_id=run.id, at=now())
    wait_for(
        lambda: not Run.objects.filter(finalized_at=None).exists(),
        timeout_seconds=30,
        what="the workers to finish",
    )


def finished(run: Run, *, timeout_seconds: float = 60) -> Run:
    """The run once it is over."""

    def is_over() -> bool:
        run.refresh_from_db()
        return run.status in RUN.terminal

    wait_for(is_over, timeout_seconds=timeout_seconds, what=f"run {run.id} to end")
    return run


def step_of(run: Run, name: str) -> Step:
    return Step.objects.get(run=run, name=name, item_index=-1)


def kinds_of(run: Run) -> list[str]:
    """The timeline as "step kind"."""
    events = RunEvent.objects.filter(run=run).order_by("seq")
    return [f"{event.step_name} {event.kind}".strip() for event in events]


def take_messages() -> list[Message]:
    """Every message off the queues, in the order of the queues' table."""
    found = []
    with current_app.connection_for_read() as connection:
        for name in (name for pool in POOLS for name in pool.queues):
            while (message := connection.default_channel.basic_get(name)) is not None:
                message.ack()
                found.append(message)
    return found


Sent = Callable[[], list[tuple[str, dict[str, Any]]]]


@pytest.fixture
def sent(empty_queues: None) -> Sent:
    """Takes every message off the queues: (task, keywords). None of them was to wait there."""

    def take() -> list[tuple[str, dict[str, Any]]]:
        messages = take_messages()
        assert not any(message.headers["eta"] for message in messages)
        return [(message.headers["task"], message.payload[1]) for message in messages]

    return take
