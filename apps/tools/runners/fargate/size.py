"""How large a task must be for a program's limits."""

from math import ceil

from apps.tools.runners.limits import MEGABYTE, Limits

_BESIDE_MEGABYTES = 512
"""For what holds the program, and for its files."""
_MEMORY_BY_CPU = {
    256: (512, 1024, 2048),
    512: range(1024, 4096 + 1, 1024),
    1024: range(2048, 8192 + 1, 1024),
    2048: range(4096, 16384 + 1, 1024),
    4096: range(8192, 30720 + 1, 1024),
    8192: range(16384, 61440 + 1, 4096),
    16384: range(32768, 122880 + 1, 8192),
}
"""What Fargate offers: megabytes by 1024ths of a processor."""


def task_size(limits: Limits) -> tuple[int, int]:
    """The smallest size, as 1024ths of a processor and megabytes, in which the limits fit; the
    largest one when none is large enough."""
    wanted_cpu = ceil(limits.cpus * 1024)
    wanted_memory = ceil(limits.memory_bytes / MEGABYTE) + _BESIDE_MEGABYTES
    for cpu, memories in _MEMORY_BY_CPU.items():
        for memory in memories:
            if cpu >= wanted_cpu and memory >= wanted_memory:
                return cpu, memory
    cpu, memories = list(_MEMORY_BY_CPU.items())[-1]
    return cpu, memories[-1]
