"""POST /v1/chat/completions, plain: what it answers, charges and tells."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest

from agentplatform.core.clock import now
from apps.gateway.contracts import UsageQuestion
from apps.gateway.models import LlmEvent
from apps.gateway.selectors import sum_usage
from apps.tenants.facade import set_budget
from apps.tenants.models import Account, LedgerEntry, Reservation
from tests.integration.gateway.door.serving import Caller, Server
from tests.provider import Provider
from tests.provider.contract import validate_openai

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_answer_is_a_chat_completion_as_openai_defines_it(
    client: Caller, provider: Provider
) -> None:
    answer = client.chat()
    assert answer.status_code == 200
    body = answer.json()
    validate_openai("CreateChatCompletionResponse", body)
    (bill,) = provider.billed()
    assert body["usage"]["prompt_tokens"] == bill["prompt_tokens"]
    assert body["usage"]["completion_tokens"] == bill["completion_tokens"]
    assert body["choices"][0]["message"]["content"]


def test_four_accounts_are_charged_what_the_provider_billed(
    server: Server, caller: Callable[..., Caller], gateway: Callable[..., None], provider: Provider
) -> None:
    gateway(openai_model="gpt-4o-mini")
    client = caller(has_user=True)
    assert client.chat().status_code == 200
    server.stop()
    (bill,) = provider.billed()
    used = bill["prompt_tokens"] + bill["completion_tokens"]
    accounts = Account.objects.filter(tenant_id=client.tenant_id, unit="tokens")
    assert sorted(one.kind for one in accounts) == ["key", "tenant", "user"]
    assert {(one.posted, one.reserved) for one in accounts} == {(used, 0)}
    assert LedgerEntry.objects.get().tokens == used
    assert not Reservation.objects.exists()
    event = LlmEvent.objects.get()
    assert (event.api_key_id, event.status) == (client.api_key_id, "success")
    assert event.user_id is not None


def test_headers_tell_of_the_call_its_cost_and_what_is_left(
    gateway: Callable[..., None], caller: Callable[..., Caller], provider: Provider
) -> None:
    gateway(openai_model="gpt-4o-mini")
    client = caller(token_budget=100_000, usd_nanos=10**9)
    told = client.chat().headers
    (bill,) = provider.billed()
    used = bill["prompt_tokens"] + bill["completion_tokens"]
    assert told["x-agentplatform-provider"] == "openai"
    assert told["x-agentplatform-model"] == "gpt-4o-mini"
    assert told["x-agentplatform-attempts"] == "1"
    assert told["x-agentplatform-fallback"] == "false"
    assert told["x-agentplatform-call-id"] == told["x-request-id"]
    assert told["x-agentplatform-remaining-tokens"] == str(100_000 - used)
    cost = Decimal(told["x-agentplatform-cost-usd"])
    assert cost > 0
    assert Decimal(told["x-agentplatform-remaining-usd"]) == 1 - cost
    assert float(told["x-agentplatform-overhead-ms"]) < 5_000


def test_a_failed_attempt_and_the_one_that_answered_are_both_told(
    gateway: Callable[..., None], caller: Callable[..., Caller]
) -> None:
    gateway(openai_model="ok-error-401", anthropic_model="claude-haiku-4-5")
    told = caller().chat().headers
    assert told["x-agentplatform-provider"] == "anthropic"
    assert told["x-agentplatform-attempts"] == "2"
    assert told["x-agentplatform-fallback"] == "true"


def test_calls_over_http_count_in_the_usage_of_their_user_and_key(
    gateway: Callable[..., None], caller: Callable[..., Caller], server: Server, provider: Provider
) -> None:
    gateway(openai_model="gpt-4o-mini")
    client = caller(has_user=True)
    client.chat()
    server.stop()
    (bill,) = provider.billed()
    question = UsageQuestion(
        tenant_id=client.tenant_id,
        time_zone="UTC",
        since=now().date(),
        until=now().date() + timedelta(days=1),
        group_by=("api_key_id",),
        only={"api_key_id": client.api_key_id},
        limit=5,
    )
    (group,) = sum_usage(question).groups
    assert group.key == {"api_key_id": str(client.api_key_id)}
    assert group.completion_tokens == bill["completion_tokens"]


def test_a_limit_that_was_raised_counts_at_once_for_who_would_be_refused(
    gateway: Callable[..., None], caller: Callable[..., Caller]
) -> None:
    gateway(openai_model="gpt-4o-mini")
    client = caller(token_budget=20)
    assert client.chat().status_code == 429
    set_budget(tenant_id=client.tenant_id, token_limit=100_000, usd_limit_nanos=None, at=now())
    assert client.chat().status_code == 200


def test_calls_that_race_never_pass_the_limit(
    gateway: Callable[..., None], caller: Callable[..., Caller], server: Server, provider: Provider
) -> None:
    gateway(openai_model="gpt-4o-mini-latency-50")
    client = caller(token_budget=250)
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: client.chat(max_tokens=60), range(10)))
    server.stop()
    assert {answer.status_code for answer in answers} == {200, 429}
    used = sum(bill["prompt_tokens"] + bill["completion_tokens"] for bill in provider.billed())
    account = Account.objects.get(kind="tenant", unit="tokens")
    assert (account.posted, account.reserved) == (used, 0)
    assert used <= 250


@pytest.mark.parametrize(
    ("model", "name"),
    [("gpt-4o-mini", "openai"), ("claude-haiku-4-5", "anthropic"), ("gpt-4o-2024-08-06", "openai")],
)
def test_a_model_is_found_by_the_name_that_its_provider_gives_it(
    client: Caller, model: str, name: str
) -> None:
    answer = client.chat(model=model)
    assert answer.json()["model"] == model
    assert answer.headers["x-agentplatform-provider"] == name


def test_models_are_listed_in_the_form_that_the_client_reads(client: Caller) -> None:
    listed = client.get("/v1/models").json()
    validate_openai("ListModelsResponse", listed)
    names = [one["id"] for one in listed["data"]]
    assert names[0] == "default"
    assert "openai:gpt-4o-mini" in names
    page = client.get("/v1/models", **{"anthropic-version": "2023-06-01"}).json()
    assert [one["id"] for one in page["data"]] == names
    assert {one["type"] for one in page["data"]} == {"model"}
    assert client.sdk().models.retrieve("openai:gpt-4o-mini").id == "openai:gpt-4o-mini"
    assert client.get("/v1/models/nobody").status_code == 404
