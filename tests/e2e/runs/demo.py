"""`make demo` as a process."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agentplatform.core.postgresql.roles import LOGINS
from agentplatform.settings.environment import ROOT

OWN = (*LOGINS, "REDIS_URL", "DJANGO_SETTINGS_MODULE", "SERVICE", "PROMETHEUS_MULTIPROC_DIR")


@contextmanager
def demo(data: Path, **environment: str) -> Iterator["subprocess.Popen[str]"]:
    """`make demo` on a data folder of its own; stopped at the end, whatever it was doing."""
    own = {name: value for name, value in os.environ.items() if name not in OWN}
    with (data.parent / "output").open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "agentplatform.embedded", "demo", "--data", str(data)],
            cwd=ROOT,
            env=own | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def ended(process: "subprocess.Popen[str]", data: Path) -> str:
    """What it printed, once it has ended well."""
    code = process.wait(timeout=400)
    printed = (data.parent / "output").read_text()
    assert code == 0, printed
    return printed
