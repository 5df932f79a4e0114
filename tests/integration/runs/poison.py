"""A message that kills whoever takes it, until it is told otherwise."""

import os
import signal
from pathlib import Path

from agentplatform.core.tasks import EVERY_TENANT, platform_task


@platform_task(name="tests.poison", of=EVERY_TENANT)
def poison(*, folder: str) -> None:
    """Kill this process while `folder` holds `deadly`; write `done` there otherwise."""
    if (Path(folder) / "deadly").exists():
        os.kill(os.getpid(), signal.SIGKILL)
    (Path(folder) / "done").touch()
