"""Where the text of running calls is kept for those who follow it: in Valkey, for a while.

Of a run there is a sorted set of its calls, by the time of their last change; of each voice (what
one provider attempt says in a call) there is the text so far. Whoever comes late reads it from the
start, whoever is slow reads more at once, and nobody holds up the call.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

TIMEOUT_SECONDS: Final = 0.25
MAX_BYTES: Final = 1024 * 1024
"""Of one voice. Longer text is not told any further."""
QUIET_SECONDS: Final = 60
"""A call that says nothing for so long is forgotten until it says something."""
TEXT_SECONDS: Final = 900
OVER_SECONDS: Final = 30
"""How long the text of a call that is over can be read to its end."""

TELL = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[6] * 1000)
if ARGV[2] ~= '' then redis.call('ZREM', KEYS[1], ARGV[2]) end
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[6])
local length = redis.call('STRLEN', KEYS[2])
if length == tonumber(ARGV[3]) then length = redis.call('APPEND', KEYS[2], ARGV[4]) end
redis.call('EXPIRE', KEYS[2], ARGV[5])
return length
"""
"""Keys: the run's, the text's. Arguments: the voice, the one that it takes the place of or nothing,
how many bytes of its text were told before, the next ones, the seconds that the text is kept and
those that the run is. Returns how many bytes are told now: twice the same tells once."""


@dataclass(frozen=True, kw_only=True)
class Voice:
    """What one provider attempt says in a call; a call has one at a time."""

    call_id: UUID
    step_id: UUID
    id: UUID
    is_over: bool = False

    def pack(self) -> str:
        """As a member of its run's set."""
        return f"{self.call_id} {self.step_id} {self.id} {'over' if self.is_over else 'open'}"


def unpack_voice(packed: str) -> Voice:
    """What `pack` made."""
    call_id, step_id, voice_id, state = packed.split(" ")
    return Voice(
        call_id=UUID(call_id), step_id=UUID(step_id), id=UUID(voice_id), is_over=state == "over"
    )


def run_key(*, tenant_id: UUID, run_id: UUID) -> str:
    """The key of the run's voices. The braces keep a run's keys on one server of a cluster."""
    return f"deltas:{tenant_id}:{{{run_id}}}"


def text_key(*, tenant_id: UUID, run_id: UUID, voice_id: UUID) -> str:
    """The key of a voice's text, in UTF-8."""
    return f"{run_key(tenant_id=tenant_id, run_id=run_id)}:{voice_id}"
