"""Finding out who sends a key or a token: known a moment ago, and not."""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

from django.db import connections

from agentplatform.core.actor import Actor, acting
from agentplatform.core.tenancy import platform_scope
from apps.tenants.services.authenticate import authenticate, forget_credentials
from apps.tenants.services.create_api_key import create_api_key
from apps.tenants.services.create_tenant import create_tenant
from apps.tenants.services.create_user import create_user
from tests.bench.bars import Measured, cpu_ms
from tests.integration.tenants.user_pool import AT, SUBJECT, Hands, UserPool, sign

KEY_BAR = 0.2
TOKEN_BAR = 0.5
CPU = "ms CPU"
FRESH_TOKENS = 150


def measure_credentials(pool: UserPool, *, rounds: int) -> Iterator[Measured]:
    """A key and a token, each as the API's authentication asks about it."""
    key, token = make_credentials()
    for name, raw, bar in (("API key", key, KEY_BAR), ("token", token, TOKEN_BAR)):
        yield cold(f"{name}, asked anew", raw, rounds=rounds)
        yield queries(f"{name}, asked anew", raw, bar=1 if raw == key else None)
        cost = cpu_ms(ask, [raw] * rounds * 5)
        yield Measured(name=f"{name}, cached", measured=cost, unit=CPU, bar=bar)
    verify = partial(pool.verifier(Hands()).verify, at=AT)
    verify(token)
    fresh = [sign(jti=str(number)) for number in range(min(rounds, FRESH_TOKENS))]
    cost = cpu_ms(verify, fresh)
    yield Measured(name="token, its signature and claims", measured=cost, unit=CPU)


def ask(raw: str) -> None:
    authenticate(raw=raw, at=AT)


def ask_anew(raw: str) -> None:
    forget_credentials()
    ask(raw)


def cold(name: str, raw: str, *, rounds: int) -> Measured:
    ask_anew(raw)
    return Measured(name=name, measured=cpu_ms(ask_anew, [raw] * rounds), unit=CPU)


def queries(name: str, raw: str, *, bar: float | None) -> Measured:
    """Statements that the database is sent."""
    sent: list[str] = []

    def count(execute, sql, *rest):
        sent.append(sql)
        return execute(sql, *rest)

    with ExitStack() as counting:
        for connection in connections.all(initialized_only=True):
            counting.enter_context(connection.execute_wrapper(count))
        ask_anew(raw)
    return Measured(name=name, measured=len(sent), unit="queries", bar=bar)


def make_credentials() -> tuple[str, str]:
    """A key of a tenant and a token of one of its users."""
    with platform_scope(), acting(Actor(kind="system", name="bench")):
        tenant_id = create_tenant(name="Acme", at=AT).id
        key = create_api_key(tenant_id=tenant_id, name="bench", at=AT)
        create_user(tenant_id=tenant_id, email="ann@example.org", cognito_subject=SUBJECT, at=AT)
    return key.secret, sign(**{"custom:tenant_id": str(tenant_id)})
