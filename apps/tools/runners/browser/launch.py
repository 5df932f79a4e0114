"""Become a jailed Chromium. Playwright's driver runs this as if it were the browser:
`python launch.py <plan.json> <Chromium's arguments>`. It uses the standard library only.

The plan is written by jailing.py: files and pipes to open at fixed descriptors, the uid to take
when the driver is root, and the command. Descriptors 3 and 4, which the driver talks through, pass
as they are.
"""

import json
import os
import sys
from pathlib import Path


def main(plan_path: str, arguments: list[str]) -> None:
    """Never returns: the process becomes bwrap."""
    plan = json.loads(Path(plan_path).read_text())
    for descriptor, path in plan["read"].items():
        _open_at(int(descriptor), path, os.O_RDONLY | os.O_NONBLOCK)
        os.set_blocking(int(descriptor), True)  # then a dead worker's pipe is at its end
    for descriptor, path in plan["write"].items():
        _open_at(int(descriptor), path, os.O_RDWR)  # then a dead worker's pipe is not broken
    if plan["uid"] is not None:
        os.setgroups([])
        os.setresgid(plan["uid"], plan["uid"], plan["uid"])
        os.setresuid(plan["uid"], plan["uid"], plan["uid"])
    os.chdir("/")
    os.execve(plan["command"][0], [*plan["command"], *arguments], {})  # noqa: S606


def _open_at(descriptor: int, path: str, flags: int) -> None:
    opened = os.open(path, flags)
    os.dup2(opened, descriptor, inheritable=True)
    if opened != descriptor:
        os.close(opened)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
