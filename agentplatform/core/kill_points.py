"""Named places where a test of faults lets a process die, as if the machine had taken it.

The environment's KILL_POINTS names a folder. A file in it that is called like a point, or like
`point@subject`, arms it: `2 1` lets two passings live and kills the next one, with SIGKILL. A
process that is started again so does not die for ever. Without KILL_POINTS no point does anything.
Processes of one machine may share the folder; each death is a line of its file `deaths`.
"""

import fcntl
import os
import signal
from pathlib import Path
from typing import Final

SETTING: Final = "KILL_POINTS"
DEATHS: Final = "deaths"

_folder = os.environ.get(SETTING)


def reach(point: str, subject: str = "") -> None:
    """Die here if the point is armed, for everybody or for this subject."""
    if _folder is None:
        return
    for name in {point, f"{point}@{subject}"}:
        if _is_time_to_die(Path(_folder) / name):
            with (Path(_folder) / DEATHS).open("a") as deaths:
                deaths.write(f"{name}\n")
            os.kill(os.getpid(), signal.SIGKILL)


def _is_time_to_die(armed: Path) -> bool:
    """Count a passing of the armed point; False where none is armed."""
    try:
        file = armed.open("r+")
    except FileNotFoundError:
        return False
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        passings, deaths = map(int, file.read().split())
        if not (passings or deaths):
            return False
        left = f"{passings - 1} {deaths}" if passings else f"0 {deaths - 1}"
        file.seek(0)
        file.truncate()
        file.write(left)
        file.flush()
    return not passings
