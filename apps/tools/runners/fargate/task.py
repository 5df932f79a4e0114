"""The entry point of a one-off task: `python -m apps.tools.runners.fargate.task`.

ORDER_URL gives the order's bundle and OUTCOME_URL takes the outcome's. The task has no other right
and needs no database. It holds the program in the best sandbox that its container has, as a second
wall, and ends by itself at its deadline, whoever has forgotten it.
"""

import os
import shutil
import signal
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from agentplatform.settings.tool_settings import ToolSettings
from apps.tools.runners.fargate.bundle import Order, Refusal, read_order, write_outcome
from apps.tools.runners.guarantees import check_policy
from apps.tools.runners.local_backends import LOCAL_BACKENDS
from apps.tools.runners.sandbox import Outcome, Sandbox, SandboxDied, SandboxUnavailable

_TRANSFER_SECONDS = 120
_FIRST_DEADLINE_SECONDS = 300


def main() -> None:
    """Do the one job. Exits with 1 when it could not be had or its outcome not be stored."""
    signal.alarm(_FIRST_DEADLINE_SECONDS)
    with _downloaded(os.environ.pop("ORDER_URL")) as file, read_order(file) as order:
        signal.alarm(int(order.deadline_seconds))
        outcome = _run(order)
    with tempfile.TemporaryFile() as bundle:
        write_outcome(outcome, cast(BinaryIO, bundle))
        _upload(os.environ.pop("OUTCOME_URL"), cast(BinaryIO, bundle))


def _run(order: Order) -> Outcome | Refusal:
    try:
        sandbox = _best_sandbox(order.required)
        return sandbox.run(order.job, stop=threading.Event())
    except SandboxDied:  # in another task it may live
        raise
    except SandboxUnavailable as refusal:
        return Refusal(detail=refusal.detail)


def _best_sandbox(required: str) -> Sandbox:
    """The first that promises what is required. Raises SandboxUnavailable with what the last one
    lacks."""
    refusal = SandboxUnavailable("There is no sandbox.")
    platform = ToolSettings().model_copy(update={"sandbox_pool_size": 0})
    for make in LOCAL_BACKENDS.values():
        try:
            sandbox = make(platform)
            check_policy(sandbox.name, sandbox.prove().held, required)
        except SandboxUnavailable as error:
            refusal = error
        else:
            return sandbox
    raise refusal


@contextmanager
def _downloaded(url: str) -> Iterator[BinaryIO]:
    with tempfile.TemporaryFile() as file:
        with urllib.request.urlopen(url, timeout=_TRANSFER_SECONDS) as answer:  # noqa: S310
            shutil.copyfileobj(answer, file)
        file.seek(0)
        yield cast(BinaryIO, file)


def _upload(url: str, content: BinaryIO) -> None:
    size = content.seek(0, os.SEEK_END)
    content.seek(0)
    headers = {"Content-Length": str(size), "Content-Type": "application/x-tar"}
    request = urllib.request.Request(  # noqa: S310
        url, data=content, method="PUT", headers=headers
    )
    with urllib.request.urlopen(request, timeout=_TRANSFER_SECONDS):  # noqa: S310
        pass


if __name__ == "__main__":
    main()
    sys.exit(0)
