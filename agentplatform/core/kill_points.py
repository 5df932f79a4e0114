"""Named places where a test of faults lets a process die, as if the machine had taken it.

The environment's KILL_POINTS names a folder. A file in it that is called like a point, or like
`point@subject`, arms it: `2 1 KILL` lets two passings live and kills the next one with SIGKILL,
`0 1 STOP` makes the first one stand still. A process that is started again so does not die for
ever. Without KILL_POINTS no point does anything. Processes of one machine may share the folder;
each death is a line of its file `deaths`: the point's name and the process id.
"""

import fcntl
import os
import signal
import threading
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
        number = _due(Path(_folder) / name)
        if number is not None:
            with (Path(_folder) / DEATHS).open("a") as deaths:
                deaths.write(f"{name} {os.getpid()}\n")
            # To this thread: sent to the process, it may go on until another one takes the signal.
            signal.pthread_kill(threading.get_ident(), number)


def _due(armed: Path) -> signal.Signals | None:
    """Count a passing of the point; the signal that is due to it, if it is armed."""
    try:
        file = armed.open("r+")
    except FileNotFoundError:
        return None
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        passings, deaths, name = file.read().split()
        lives, dies = int(passings) > 0, int(deaths) > 0
        if not (lives or dies):
            return None
        file.seek(0)
        file.truncate()
        file.write(f"{int(passings) - lives} {int(deaths) - (not lives)} {name}")
    return None if lives else signal.Signals[f"SIG{name}"]
