"""How much one call may use."""

from dataclasses import dataclass

MEGABYTE = 1024 * 1024
NO_CORE_BYTES = 1
"""The limit at which there is no core dump at all (core(5)): at 0 the kernel may still start a
program of the machine's for each crash."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds of one sandbox. `cpus` is how many processors it may keep busy, on average over each
    `cpu_window_seconds`, at most 1; `memory_bytes` covers
    all its processes and its files in memory; `process_bytes` bounds one process's own data (None:
    only the sum is watched)."""

    wall_seconds: float = 60.0
    cpus: float = 1.0
    cpu_window_seconds: float = 0.1
    memory_bytes: int = 2048 * MEGABYTE
    process_bytes: int | None = 2048 * MEGABYTE
    processes: int = 256
    open_files: int = 512
    file_bytes: int = 256 * MEGABYTE
    work_bytes: int = 256 * MEGABYTE
    inodes: int = 20_000
    output_bytes: int = MEGABYTE
    artifacts: int = 200
    artifact_bytes: int = 100 * MEGABYTE
    artifacts_bytes: int = 100 * MEGABYTE
