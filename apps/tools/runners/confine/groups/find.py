"""Which control groups this worker can make."""

import functools
from contextlib import suppress
from pathlib import Path

from apps.tools.runners.confine.groups.first import FirstVersion
from apps.tools.runners.confine.groups.group import ByAffinity, Groups
from apps.tools.runners.confine.groups.second import SecondVersion
from apps.tools.runners.sandbox import SandboxUnavailable

_ROOT = "/sys/fs/cgroup"


@functools.lru_cache(maxsize=2)
def find_groups(configured: str) -> Groups:
    """The first kind that works when it is tried: below `configured`, a group of version 2; else
    of version 1; else of version 2 below the worker's own group. Remembered.

    Where none works, processors are told apart by affinity and memory is sampled. Raises
    SandboxUnavailable when `configured` does not work.
    """
    if configured:
        try:
            return SecondVersion(configured)
        except OSError as error:
            raise SandboxUnavailable(
                f"SANDBOX_CGROUP names {configured}, in which no group can be made: "
                f"{error.strerror}. Name a group of version 2 that has no processes of its own and "
                "that the worker may write, or nothing."
            ) from error
    with suppress(OSError):
        return FirstVersion(_ROOT)
    with suppress(OSError, StopIteration):
        return SecondVersion(_own_group())
    return ByAffinity()


def _own_group() -> str:
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    own = next(line.partition("::")[2] for line in lines if line.startswith("0::"))
    return f"{_ROOT}{own.rstrip('/')}"
