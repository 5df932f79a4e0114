"""One-off tasks as processes of this machine, for what no emulator does: the entry point runs."""

import os
import subprocess
import sys
import uuid
from contextlib import suppress
from pathlib import Path

from apps.tools.runners.fargate.tasks import TaskState

ROOT = Path(__file__).parents[4]


class LocalTasks:
    """Each task is a process of the entry point, with nothing of this one's environment. `started`
    counts them; `command` replaces the entry point."""

    def __init__(self, folder):
        self.started = 0
        self.command = ("-m", "apps.tools.runners.fargate.task")
        self.environment = {}
        self._folder = folder
        self._tasks = {}
        self._by_token = {}

    def describe(self):
        return "local processes"

    def find(self, call):
        return [self.look(arn) for arn, task in self._tasks.items() if task["call"] == call]

    def start(self, *, call, token, environment, limits):
        if token in self._by_token:
            return self.look(self._by_token[token])
        self.started += 1
        arn = f"arn:local:task/{uuid.uuid4().hex}"
        log = self._folder / f"{arn.rpartition('/')[2]}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, *self.command],
                cwd=ROOT,
                env={
                    "PATH": os.environ["PATH"],
                    "PYTHONPATH": str(ROOT),
                    "SANDBOX_LITE_FOLDER": str(self._folder / "lite"),
                    **self.environment,
                    **environment,
                },
                stdout=output,
                stderr=output,
            )
        self._tasks[arn] = {"call": call, "process": process, "log": log, "reason": ""}
        self._by_token[token] = arn
        return self.look(arn)

    def look(self, arn):
        task = self._tasks[arn]
        code = task["process"].poll()
        return TaskState(
            arn=arn,
            has_started=True,
            has_stopped=code is not None,
            exit_code=code,
            reason=task["reason"],
        )

    def stop(self, arn, *, reason):
        self._tasks[arn]["reason"] = reason
        self._tasks[arn]["process"].kill()

    def last_words(self, arn):
        return self._tasks[arn]["log"].read_text()

    def wait(self):
        """Return once every task has ended by itself."""
        for task in self._tasks.values():
            task["process"].wait()

    def close(self):
        for task in self._tasks.values():
            with suppress(OSError):
                task["process"].kill()
            task["process"].wait()
