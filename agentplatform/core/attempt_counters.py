"""Where failed attempts are counted: in Valkey for all processes, or in the memory of one."""

from collections import OrderedDict
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Protocol

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

LONGEST_WAIT_SECONDS = 60
TIMEOUT_SECONDS = 0.25
MAX_SUBJECTS = 10_000


@dataclass(frozen=True, kw_only=True)
class Rule:
    limit: int
    window_seconds: int


class Counters(Protocol):
    """Times are seconds since the epoch; answers are the seconds to wait, 0 for none."""

    def add(self, key: str, at: float, rule: Rule) -> float:
        """Count a failure, unless there is a wait: then nothing changes."""

    def drop(self, key: str) -> float:
        """Forget the key. Always 0."""


@dataclass(frozen=True)
class Count:
    """The failures of one key, until when it waits, and when all of it is forgotten."""

    failures: int = 0
    blocked_until: float = 0.0
    forgotten_at: float = 0.0


def after_failure(count: Count, at: float, rule: Rule) -> Count:
    """The rule of waiting. ADD below says the same to Valkey."""
    failures = 1 if at >= count.forgotten_at else count.failures + 1
    surplus = min(failures - rule.limit, LONGEST_WAIT_SECONDS)
    wait = min(2**surplus, LONGEST_WAIT_SECONDS) if surplus >= 0 else 0
    until = at + wait
    return Count(failures, until, until + rule.window_seconds)


ADD = """
local count = redis.call('HMGET', KEYS[1], 'failures', 'until', 'forgotten')
local at, limit, window, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]),
    tonumber(ARGV[4])
local blocked = tonumber(count[2] or 0)
if blocked > at then return tostring(blocked - at) end
local failures = 1
if at < tonumber(count[3] or 0) then failures = tonumber(count[1]) + 1 end
local wait = 0
if failures >= limit then wait = math.min(2 ^ (failures - limit), longest) end
redis.call('HSET', KEYS[1], 'failures', failures, 'until', string.format('%.17g', at + wait),
    'forgotten', string.format('%.17g', at + wait + window))
redis.call('EXPIRE', KEYS[1], wait + window)
return '0'
"""


class SharedCounters:
    """In Valkey. Raises redis.RedisError soon when it does not answer: nobody waits for it."""

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
        )
        self._add = self._client.register_script(ADD)

    def add(self, key: str, at: float, rule: Rule) -> float:
        arguments = (at, rule.limit, rule.window_seconds, LONGEST_WAIT_SECONDS)
        return float(str(self._add(keys=[key], args=arguments)))

    def drop(self, key: str) -> float:
        self._client.delete(key)
        return 0.0


class ProcessCounters:
    """In memory, for at most MAX_SUBJECTS keys; the one not heard of for longest gives way."""

    def __init__(self) -> None:
        self._counts: OrderedDict[str, Count] = OrderedDict()
        self._lock = Lock()

    def add(self, key: str, at: float, rule: Rule) -> float:
        with self._lock:
            count = self._counts.pop(key, Count())
            wait = max(0.0, count.blocked_until - at)
            self._counts[key] = count if wait else after_failure(count, at, rule)
            if len(self._counts) > MAX_SUBJECTS:
                self._counts.popitem(last=False)
            return wait

    def drop(self, key: str) -> float:
        with self._lock:
            self._counts.pop(key, None)
        return 0.0


process_counters = ProcessCounters()


def shared_counters() -> SharedCounters:
    """One client and its connections a process."""
    return _shared_counters(settings.REDIS_URL)


@cache
def _shared_counters(url: str) -> SharedCounters:
    return SharedCounters(url)
