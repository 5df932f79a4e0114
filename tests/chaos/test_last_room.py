"""Sixteen processes race for the last room of a budget, through both doors, while its limit is
changed fifty times a second: as many calls pass as there is room for, no more and no fewer."""

import itertools
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db.models import QuerySet

from agentplatform.core.clock import now
from agentplatform.core.connections import brief_connection
from agentplatform.core.wait import wait_for
from apps.gateway.models import LlmCall
from apps.tenants.facade import set_budget
from apps.tenants.models import Account
from tests.chaos.audit_money import money_problems
from tests.chaos.gateway_processes import (
    Client,
    GatewayProcesses,
    gateway_clients,
    gateway_processes,
    repeated,
)
from tests.integration.gateway.calls import Work, billed_tokens, start_work
from tests.provider import Provider

DOORS = WORKERS = 8
ROUNDS = 3
ANSWER = 1000
BOUND = 1017
"""Tokens that a call holds, of which it uses all but a few."""
LESS, MORE = 0.2, 0.8
"""What is left beyond whole calls, now this and now that: never enough for another one."""
PATH = "/v1/chat/completions"


class Race:
    """One tenant's calls, by both doors at once."""

    def __init__(self, processes: GatewayProcesses, work: Work, client: Client) -> None:
        self._ports = processes.ports
        self._work = work
        self._client = client
        self._indexes = itertools.count()

    def run(self, *, room: int) -> Counter[str]:
        """What comes of one call of each process, with room for so many."""
        used = self._used()
        shares = itertools.cycle((LESS, 0.5, MORE))

        def change() -> None:
            with brief_connection():
                self._limit(used + int((room + next(shares)) * BOUND))

        change()
        with repeated(change, every_seconds=0.02), ThreadPoolExecutor(DOORS) as pool:
            asked = [pool.submit(self._call, port) for port in self._ports]
            indexes = list(itertools.islice(self._indexes, WORKERS))
            calls = [self._work.plan(index=index, max_tokens=ANSWER) for index in indexes]
            ended = LlmCall.objects.filter(id__in=calls, status__in=("SUCCESS", "FAILED"))
            wait_for(lambda: ended.count() == WORKERS, timeout_seconds=30, what="the workers")
            outcomes = Counter(one.result() for one in asked)
        for status, error in ended.values_list("status", "error"):
            outcomes["whole" if status == "SUCCESS" else error["code"]] += 1
        wait_for(lambda: not self._reserved(), timeout_seconds=10, what="the settlements")
        return outcomes

    def _call(self, port: int) -> str:
        """As official clients do it: a gateway that is too busy to say is asked again."""
        while (outcome := self._client.call(path=PATH, port=port)) == "503":
            pass
        return outcome

    def _used(self) -> int:
        return sum(self._accounts().values_list("posted", flat=True))

    def _reserved(self) -> int:
        return sum(self._accounts().values_list("reserved", flat=True))

    def _accounts(self) -> "QuerySet[Account]":
        return Account.objects.filter(tenant_id=self._work.tenant_id, kind="tenant", unit="tokens")

    def _limit(self, tokens: int) -> None:
        set_budget(
            tenant_id=self._work.tenant_id, token_limit=tokens, usd_limit_nanos=None, at=now()
        )


@pytest.mark.parametrize("room", [1, pytest.param(10, marks=pytest.mark.thorough)])
def test_as_many_calls_pass_as_there_is_room_for(
    provider: Provider, place: dict[str, str], tmp_path: Path, room: int
) -> None:
    provider.control(behaviour=f"tokens-{ANSWER}-latency-100")
    work = start_work()
    with (
        gateway_processes(place, tmp_path / "log", doors=DOORS, workers=WORKERS) as processes,
        gateway_clients(work, processes, max_tokens=ANSWER) as client,
    ):
        race = Race(processes, work, client)
        for _ in range(ROUNDS):
            outcomes = race.run(room=room)
            refused = outcomes["429"] + outcomes["budget_exceeded"]
            assert (outcomes["whole"], refused) == (room, DOORS + WORKERS - room), outcomes
    assert len(provider.billed()) == ROUNDS * room
    assert Account.objects.get(kind="tenant", unit="tokens").posted == billed_tokens(provider)
    assert not list(money_problems(provider, deaths=0, given_back=0))
