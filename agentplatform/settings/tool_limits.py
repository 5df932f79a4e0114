"""The most that the limits of tools may be set to, as the setting TOOL_LIMITS_MOST says."""

from functools import lru_cache

from pydantic import BaseModel, ConfigDict, Field

MEGABYTE = 1024 * 1024
GIGABYTE = 1024 * MEGABYTE


class MostLimits(BaseModel):
    """What staff may give a tool or a tenant at most. Without a word of the operator: this."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    wall_seconds: float = Field(600.0, gt=0, le=600)
    cpus: float = Field(16.0, gt=0)
    memory_bytes: int = Field(32 * GIGABYTE, gt=0)
    processes: int = Field(4096, gt=0)
    work_bytes: int = Field(16 * GIGABYTE, gt=0)
    inodes: int = Field(1_000_000, gt=0)
    output_bytes: int = Field(16 * MEGABYTE, gt=0)
    artifacts: int = Field(2000, gt=0)
    artifact_bytes: int = Field(5 * GIGABYTE, gt=0)
    artifacts_bytes: int = Field(5 * GIGABYTE, gt=0)


@lru_cache(maxsize=8)
def parse_most(text: str) -> MostLimits:
    """The setting, a JSON object of limits by name, over the defaults. Raises ValueError."""
    return MostLimits.model_validate_json(text or "{}")
