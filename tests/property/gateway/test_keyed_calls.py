"""Whatever the processes that share a key do, and whenever they die: a provider may be asked by one
of them at most, until the answer is known to be none."""

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentplatform.core.clock import now
from apps.gateway.doors.once import fingerprints
from apps.gateway.services.kept_answer import KeptAnswer
from apps.gateway.services.keyed_calls import KEPT_FOR, LEASE, Claim, Found, KeyedCalls, Wish
from apps.tenants.contracts import BookingUnavailable
from apps.tenants.models import Tenant

ANSWER = KeptAnswer(200, (("content-type", "application/json"),), "{}")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["claim", "mark", "answer", "release", "die", "a day"]), st.integers(0, 2)
    ),
    max_size=14,
)


@dataclass
class Process:
    """`claim` is what it holds, `is_dead` whether its lease has run out since."""

    keyed: KeyedCalls
    claim: Claim | None = None
    is_dead: bool = False
    is_asked: bool = False


class World:
    """What may be, written down: who holds the key, whether somebody was asked, what is kept."""

    def __init__(self, tenant_id: UUID) -> None:
        self.at: datetime = now()
        self.tenant_id = tenant_id
        self.processes = [Process(KeyedCalls(lambda: self.at)) for _ in range(3)]
        self.holder: Process | None = None
        self.is_kept = self.is_old = False

    async def claim(self, process: Process) -> None:
        wish = Wish(
            tenant_id=self.tenant_id,
            caller_id=self.tenant_id,
            key="k",
            fingerprints=("f",),
            call_id=uuid4(),
            token=uuid4(),
        )
        found = await process.keyed.claim(wish)
        holder = self.holder
        is_free = holder is None or (holder.is_dead and not holder.is_asked)
        may_begin = self.is_old or (is_free and not self.is_kept)
        assert isinstance(found, Claim) == may_begin
        if isinstance(found, Claim):
            process.claim, process.is_dead, process.is_asked = found, False, False
            self.holder, self.is_kept, self.is_old = process, False, False
        else:
            assert isinstance(found, Found)
            assert (found.answer == ANSWER) == self.is_kept
            assert found.is_alive == (holder is not None and not holder.is_dead)

    async def mark(self, process: Process) -> None:
        if process.claim is None:
            return
        if process is self.holder:
            await process.keyed.mark_asked(process.claim)
            process.is_asked, process.is_dead = True, False
        else:
            with pytest.raises(BookingUnavailable):
                await process.keyed.mark_asked(process.claim)

    async def end(self, process: Process, answer: KeptAnswer | None) -> None:
        if process.claim is None:
            return
        process.keyed.end(process.claim, answer)
        await process.keyed.close()
        if process is self.holder:
            self.holder, self.is_kept = None, answer is not None
            self.is_old = self.is_old and self.is_kept
        process.claim = None

    def die(self) -> None:
        """Time passes in which nobody renews."""
        self.at += LEASE
        for process in self.processes:
            process.is_dead = True

    def pass_a_day(self) -> None:
        self.die()
        self.at += KEPT_FOR
        self.is_old = self.is_kept or self.holder is not None


async def _live(world: World, steps: list[tuple[str, int]]) -> None:
    for step, number in steps:
        process = world.processes[number]
        if step == "claim" and (process.claim is None or process is not world.holder):
            await world.claim(process)
        elif step == "mark":
            await world.mark(process)
        elif step == "answer":
            await world.end(process, ANSWER)
        elif step == "release":
            await world.end(process, None)
        elif step == "die":
            world.die()
        elif step == "a day":
            world.pass_a_day()
    for process in world.processes:
        await process.keyed.close()


@pytest.mark.django_db(transaction=True)
@given(steps=STEPS)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_of_all_who_carry_a_key_one_may_ask(steps: list[tuple[str, int]]) -> None:
    tenant = Tenant.objects.create(name="Acme", slug=f"acme-{uuid4().hex[:12]}")
    asyncio.run(_live(World(tenant.id), steps))


def _shuffled(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shuffled(value[name]) for name in reversed(value)}
    return list(map(_shuffled, value)) if isinstance(value, list) else value


@given(body=JSON, indent=st.integers(0, 3))
def test_a_body_that_says_the_same_has_the_same_fingerprint(body: Any, indent: int) -> None:
    one = json.dumps(body).encode()
    other = json.dumps(_shuffled(body), indent=indent).encode()
    assert fingerprints("/v1/x", one) == fingerprints("/v1/x", other)


@given(one=JSON, other=JSON)
def test_bodies_and_paths_that_differ_have_fingerprints_that_do(one: Any, other: Any) -> None:
    first, second = (json.dumps(body, sort_keys=True).encode() for body in (one, other))
    assert (fingerprints("/v1/x", first) == fingerprints("/v1/x", second)) == (first == second)
    assert fingerprints("/v1/x", first) != fingerprints("/v1/y", first)


@pytest.mark.parametrize("body", [b"", b"{", b'{"a": NaN}', b'["\\ud800"]', b"\xff\x00"])
def test_what_is_no_ordinary_json_has_a_fingerprint_too(body: bytes) -> None:
    assert fingerprints("/v1/x", body) != fingerprints("/v1/x", b"{}")
