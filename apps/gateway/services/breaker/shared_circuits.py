"""The circuits of every process, in Valkey.

Of a circuit there is a hash: while it is closed the counts of each bucket of the window (c, f and r
with the bucket's number: calls, failures, refusals), otherwise until when it is open and why. Its
probe is a key that holds the owner and expires. The braces keep all of them on one server of a
cluster, as one script needs. Times are Valkey's.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Any, Final

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from apps.gateway.services.breaker.rules import (
    BUCKETS,
    CLOSED,
    HALF_OPEN,
    LEAST_REFUSALS,
    OPEN,
    PROBE_MS,
    News,
    Rules,
    View,
)

TIMEOUT_SECONDS: Final = 0.25
CONNECTIONS: Final = 4
KEEP_OPEN_MS: Final = 3_600_000
"""A circuit that nobody asks for so long after it was open is forgotten, which closes it."""
_STATES: Final = (CLOSED, OPEN, HALF_OPEN)

_NOW = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
"""

EXCHANGE = (
    _NOW
    + """
local width, buckets, least, rate, open_ms, probe_ms, least_refusals, keep_ms =
    tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]),
    tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local current = math.floor(now / width)

local function open(circuit, cause)
    redis.call('DEL', circuit)
    redis.call('HSET', circuit, 'until', now + open_ms, 'cause', cause)
    redis.call('PEXPIRE', circuit, open_ms + keep_ms)
end

local function hear_prober(circuit, probe, owner, ended)
    if owner == '' or redis.call('GET', probe) ~= owner then return '' end
    if ended == 'held' then
        redis.call('PEXPIRE', probe, probe_ms)
        return ''
    end
    redis.call('DEL', probe)
    if ended == 'good' then
        redis.call('DEL', circuit)
        return 'closed'
    elseif ended == 'outage' or ended == 'account' then
        open(circuit, ended)
        return 'kept_open'
    end
    return ''
end

local function count(circuit, calls, failures, refusals)
    redis.call('HINCRBY', circuit, 'c' .. current, calls)
    redis.call('HINCRBY', circuit, 'f' .. current, failures)
    redis.call('HINCRBY', circuit, 'r' .. current, refusals)
    redis.call('PEXPIRE', circuit, width * buckets)
    local sums = {c = 0, f = 0, r = 0}
    local fields = redis.call('HGETALL', circuit)
    for i = 1, #fields, 2 do
        local kind, number = string.sub(fields[i], 1, 1), tonumber(string.sub(fields[i], 2))
        if number <= current - buckets then
            redis.call('HDEL', circuit, fields[i])
        else
            sums[kind] = sums[kind] + tonumber(fields[i + 1])
        end
    end
    if failures + refusals == 0 or sums.f + sums.r < sums.c * rate then return '' end
    if sums.r >= least_refusals and sums.r >= sums.f then
        open(circuit, 'account')
        return 'opened'
    elseif sums.c >= least then
        open(circuit, 'outage')
        return 'opened'
    end
    return ''
end

local answer = {}
for i = 1, #KEYS / 2 do
    local circuit, probe, base = KEYS[2 * i - 1], KEYS[2 * i], 8 + (i - 1) * 5
    local change = hear_prober(circuit, probe, ARGV[base + 4], ARGV[base + 5])
    local calls = tonumber(ARGV[base + 1])
    if calls > 0 and redis.call('HEXISTS', circuit, 'until') == 0 then
        local did = count(circuit, calls, tonumber(ARGV[base + 2]), tonumber(ARGV[base + 3]))
        if did ~= '' then change = did end
    end
    local found = redis.call('HMGET', circuit, 'until', 'cause')
    local state, left = 0, 0
    if found[1] then
        left = math.max(0, tonumber(found[1]) - now)
        state = left > 0 and 1 or 2
    end
    answer[i] = {state, left, found[2] or '', redis.call('EXISTS', probe), change}
end
return answer
"""
)
"""Keys: for each circuit its hash and its probe. Arguments: the rules, then the news of each."""

CLAIM = (
    _NOW
    + """
local found = redis.call('HMGET', KEYS[1], 'until', 'cause')
if not found[1] then return {0, 0, '', 0, ''} end
local left = math.max(0, tonumber(found[1]) - now)
if left > 0 then return {1, left, found[2], 0, ''} end
if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then return {} end
return {2, 0, found[2], 1, ''}
"""
)
"""Keys: the circuit's hash and its probe. Arguments: the owner, the probe's age."""


class SharedCircuits:
    """Belongs to the event loop that uses it. Raises redis.RedisError or OSError soon when Valkey
    does not answer: nobody waits for it."""

    def __init__(self, url: str) -> None:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=TIMEOUT_SECONDS,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._client = Redis.from_pool(pool)
        self._exchange = self._client.register_script(EXCHANGE)
        self._claim = self._client.register_script(CLAIM)

    async def exchange(self, news: Sequence[News], *, rules: Rules) -> Sequence[View]:
        found = await self._exchange(
            keys=list(chain.from_iterable(_keys(one.name) for one in news)),
            args=[*_arguments(rules), *chain.from_iterable(map(_told, news))],
        )
        return [_view(one) for one in found]

    async def claim(self, name: str, *, owner: str) -> View | None:
        found = await self._claim(keys=_keys(name), args=[owner, PROBE_MS])
        return _view(found) if found else None

    async def close(self) -> None:
        await self._client.aclose()


def _keys(name: str) -> list[str]:
    return [f"breaker:{{circuits}}:{name}", f"breaker:{{circuits}}:{name}:probe"]


def _arguments(rules: Rules) -> tuple[float, ...]:
    return (
        rules.bucket_ms,
        BUCKETS,
        rules.least_calls,
        rules.failure_rate,
        rules.open_ms,
        PROBE_MS,
        LEAST_REFUSALS,
        KEEP_OPEN_MS,
    )


def _told(news: News) -> tuple[str | int, ...]:
    return (news.calls, news.failures, news.refusals, news.owner, news.probe)


def _view(found: Any) -> View:
    state, left_ms, cause, is_probed, change = found
    return View(
        state=_STATES[state],
        left_ms=left_ms,
        cause=cause.decode(),
        is_probed=bool(is_probed),
        change=change.decode(),
    )
