"""The Sandbox port by one-off tasks: each program in a task, and a machine, of its own."""

import tempfile
import threading
import time
from dataclasses import dataclass
from typing import BinaryIO, cast

from apps.tools.runners.fargate.bundle import (
    BrokenBundle,
    Order,
    Refusal,
    read_outcome,
    write_order,
)
from apps.tools.runners.fargate.bundles import Bundles
from apps.tools.runners.fargate.tasks import TaskRefused, Tasks, TaskState
from apps.tools.runners.guarantees import GUARANTEES
from apps.tools.runners.limits import MEGABYTE, Limits
from apps.tools.runners.sandbox import Job, Outcome, Promise, SandboxUnavailable
from apps.tools.runners.work import ToolFailure

_FINISH_SECONDS = 60.0
"""For what a task does beside its program: get the job, prove its sandbox, store the outcome."""
_BESIDE_BYTES = 4 * MEGABYTE
_OUT_OF_MEMORY = "OutOfMemory"


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How often the outcome is looked for and the task looked at, and how long it may take to
    start; in seconds."""

    outcome: float = 0.5
    task: float = 5.0
    start: float = 240.0


class FargateSandbox:
    """`required` is what a task must prove of its own sandbox before it runs the program."""

    name = "fargate"

    def __init__(
        self, *, tasks: Tasks, bundles: Bundles, required: str = "", pace: Pace | None = None
    ) -> None:
        self._tasks = tasks
        self._bundles = bundles
        self._required = required
        self._pace = pace or Pace()

    def prove(self) -> Promise:
        """See Sandbox.prove. Each task proves what holds before it runs its program, and refuses
        otherwise; here only the definition of the tasks is looked at."""
        try:
            made_of = self._tasks.describe()
        except TaskRefused as refusal:
            raise SandboxUnavailable(refusal.detail) from refusal
        return Promise(
            held=frozenset(GUARANTEES),
            made_of=f"{made_of}, whose tasks prove what holds before they run a program",
            packages=("what the image of the task has",),
        )

    def run(self, job: Job, *, stop: threading.Event) -> Outcome:
        """See Sandbox.run. The call's task is found again when the job comes a second time: then
        nothing is started, and what it has left is returned."""
        if job.egress is not None:
            raise SandboxUnavailable(
                "The sandbox fargate has no way out for programs. Choose another one with "
                "SANDBOX_BACKEND, or do without the network in this call."
            )
        if not job.call:
            raise ValueError("a job for a task names its call")
        call = _Call(job, self._tasks, self._bundles, self._required, self._pace)
        try:
            return call.run(stop)
        except TaskRefused as refusal:
            raise ToolFailure(
                "task_refused",
                refusal.detail,
                is_retryable=refusal.is_retryable,
                task_arn=call.task_arn,
            ) from refusal
        except BrokenBundle as broken:
            raise ToolFailure("task_failed", str(broken), task_arn=call.task_arn) from broken
        except ToolFailure as failure:
            failure.task_arn = call.task_arn
            raise


class _Call:
    """`task_arn` is that of its task, once there is one."""

    def __init__(self, job: Job, tasks: Tasks, bundles: Bundles, required: str, pace: Pace) -> None:
        self._job = job
        self._tasks = tasks
        self._bundles = bundles
        self._required = required
        self._pace = pace
        self._deadline = job.limits.wall_seconds + _FINISH_SECONDS
        self.task_arn = ""

    def run(self, stop: threading.Event) -> Outcome:
        earlier = self._tasks.find(self._job.call)
        token = f"{self._job.call}-{max(0, len(earlier) - 1)}"
        task = earlier[-1] if earlier else None
        if task is not None and task.has_stopped:
            self.task_arn = task.arn
            if (outcome := self._outcome(token, task)) is not None:
                return outcome
            token, task = f"{self._job.call}-{len(earlier)}", None
        task = task or self._start(token)
        self.task_arn = task.arn
        outcome = self._wait(token, task, stop)
        self._bundles.delete(self._order_key, self._outcome_key(token))
        return outcome

    def _start(self, token: str) -> TaskState:
        order = Order(job=self._job, required=self._required, deadline_seconds=self._deadline)
        with tempfile.TemporaryFile() as bundle:
            write_order(order, cast(BinaryIO, bundle))
            bundle.seek(0)
            self._bundles.put(self._order_key, cast(BinaryIO, bundle))
        seconds = int(self._pace.start + self._deadline)
        environment = {
            "ORDER_URL": self._bundles.link_to_read(self._order_key, seconds=seconds),
            "OUTCOME_URL": self._bundles.link_to_write(self._outcome_key(token), seconds=seconds),
        }
        return self._tasks.start(
            call=self._job.call, token=token, environment=environment, limits=self._job.limits
        )

    def _wait(self, token: str, task: TaskState, stop: threading.Event) -> Outcome:
        began, looked = time.monotonic(), time.monotonic()
        while True:
            if (outcome := self._outcome(token, task)) is not None:
                return outcome
            if task.has_stopped:
                return self._without_outcome(task)
            if stop.wait(self._pace.outcome):
                self._tasks.stop(task.arn, reason="The call was stopped.")
                return _ended("killed", task)
            now = time.monotonic()
            if not task.has_started and now - began > self._pace.start:
                self._tasks.stop(task.arn, reason="The task did not start in time.")
                raise TaskRefused("The task did not start in time.", is_retryable=True)
            if now - began > self._pace.start + self._deadline:
                self._tasks.stop(task.arn, reason="The call's time is over.")
                return _ended("timeout", task)
            if now - looked >= self._pace.task:
                looked = now
                task = self._tasks.look(task.arn)

    def _outcome(self, token: str, task: TaskState) -> Outcome | None:
        found = self._bundles.find(
            self._outcome_key(token), limit_bytes=_most_bytes(self._job.limits)
        )
        if found is None:
            return None
        with found:
            outcome = read_outcome(found, self._job.limits, task_arn=task.arn)
        if isinstance(outcome, Refusal):
            raise SandboxUnavailable(f"The task refuses: {outcome.detail}")
        return outcome

    def _without_outcome(self, task: TaskState) -> Outcome:
        """The task stopped and left nothing: it was killed, or could not do its work."""
        if _OUT_OF_MEMORY in task.reason:
            return _ended("memory_exceeded", task)
        words = self._tasks.last_words(task.arn)
        code = "no exit code" if task.exit_code is None else f"exit code {task.exit_code}"
        detail = f"The task {task.arn} stopped without an outcome, with {code}: {task.reason}"
        if words:
            detail = f"{detail} Its last words: {words[-1000:]}"
        raise ToolFailure("task_failed", detail, is_retryable=True)

    @property
    def _order_key(self) -> str:
        return f"{self._job.call}/order"

    def _outcome_key(self, token: str) -> str:
        return f"{self._job.call}/{token}"


def _ended(status: str, task: TaskState) -> Outcome:
    return Outcome(
        status=status,  # type: ignore[arg-type]
        exit_code=None,
        stdout=b"",
        stderr=b"",
        files=(),
        skipped_files=0,
        cpu_ms=0,
        peak_memory_bytes=0,
        task_arn=task.arn,
    )


def _most_bytes(limits: Limits) -> int:
    return limits.artifacts_bytes + 2 * limits.work_bytes + 2 * limits.output_bytes + _BESIDE_BYTES
