"""Every fault of a provider becomes the error that says what to do about it."""

import json

import pytest

from apps.gateway.providers import errors
from apps.gateway.providers.status_errors import status_error
from tests.integration.gateway.provider_calls import HELLO, WEATHER, ask, call, fail
from tests.provider import Provider

BOTH = pytest.mark.parametrize("name", ["openai", "anthropic"])
STATUSES: dict[str, type[errors.ProviderError]] = {
    "error-400": errors.BadRequest,
    "error-400-context": errors.ContextTooLong,
    "window-1": errors.ContextTooLong,
    "error-401": errors.AuthenticationFailed,
    "error-402": errors.OutOfCredit,
    "error-403": errors.AuthenticationFailed,
    "error-404": errors.ModelNotFound,
    "no-such-model": errors.ModelNotFound,
    "error-408": errors.ProviderUnavailable,
    "error-409": errors.ProviderUnavailable,
    "error-413": errors.BadRequest,
    "error-422": errors.BadRequest,
    "error-429": errors.RateLimited,
    "error-500": errors.ProviderUnavailable,
    "error-501": errors.Unsupported,
    "error-502-html": errors.ProviderUnavailable,
    "error-503": errors.ProviderUnavailable,
    "error-504": errors.ProviderUnavailable,
    "error-529": errors.ProviderUnavailable,
}
BROKEN: dict[str, type[errors.ProviderError]] = {
    "reset-before-headers": errors.ConnectionLost,
    "lost-answer": errors.ConnectionLost,
    "stream-cut": errors.ConnectionLost,
    "malformed-json": errors.InvalidAnswer,
    "empty-body": errors.InvalidAnswer,
    "wrong-shape": errors.InvalidAnswer,
    "error-200-html": errors.InvalidAnswer,
}
SILENT = ["no-answer", "stream-stalled", "slow-headers-60000", "slow-body-60000", "latency-60000"]


@BOTH
@pytest.mark.parametrize("fault", STATUSES)
def test_a_status_is_told_apart_and_costs_nothing(
    provider: Provider, name: str, fault: str
) -> None:
    error = fail(provider, name, ask(), model=fault)
    assert type(error) is STATUSES[fault]
    assert error.is_unbilled
    assert provider.billed(model=fault) == []


def test_a_refusal_by_a_content_filter_is_known_by_its_code(provider: Provider) -> None:
    """Anthropic has no code for it."""
    error = fail(provider, "openai", ask(), model="error-400-filter")
    assert type(error) is errors.ContentFiltered
    assert error.is_unbilled
    error = fail(provider, "anthropic", ask(), model="error-400-filter")
    assert type(error) is errors.BadRequest


SAID = {
    "prompt is too long: 205000 tokens > 200000 maximum": errors.ContextTooLong,
    "input length and `max_tokens` exceed context limit: 178959 + 64000 > 200000, decrease input "
    "length or `max_tokens` and try again": errors.ContextTooLong,
    "This model's maximum context length is 16384 tokens. However, you requested 122946 tokens.":
        errors.ContextTooLong,
    "The decoder prompt (length 9000) is longer than the maximum model length of 4096.":
        errors.ContextTooLong,
    "Output blocked by content filtering policy": errors.ContentFiltered,
    "Your credit balance is too low to access the Anthropic API.": errors.OutOfCredit,
    "You have reached your specified API usage limits. You will regain access on 2026-12-01.":
        errors.OutOfCredit,
    "max_tokens: Input should be greater than or equal to 1": errors.BadRequest,
}  # fmt: skip
"""By Anthropic and vLLM, which have no codes for it."""


@pytest.mark.parametrize("message", SAID)
@pytest.mark.parametrize("is_bare", [False, True], ids=["in an error", "bare"])
def test_what_has_no_code_is_known_by_what_it_says(message: str, is_bare: bool) -> None:
    error = {"message": message, "type": "invalid_request_error", "code": 400}
    raw = json.dumps(error if is_bare else {"type": "error", "error": error}).encode()
    assert type(status_error(400, {}, raw)) is SAID[message]


CODES = {
    (400, "billing_hard_limit_reached"): errors.OutOfCredit,
    (429, "billing_not_active"): errors.OutOfCredit,
    (429, "insufficient_quota"): errors.OutOfCredit,
    (429, "rate_limit_exceeded"): errors.RateLimited,
    (400, "invalid_prompt"): errors.ContentFiltered,
    (400, "unsupported_value"): errors.BadRequest,
}


@pytest.mark.parametrize(("status", "code"), CODES)
def test_openais_codes_say_what_a_status_does_not(status: int, code: str) -> None:
    body = {"error": {"message": "No.", "type": "invalid_request_error", "code": code}}
    assert type(status_error(status, {}, json.dumps(body).encode())) is CODES[status, code]


@pytest.mark.parametrize("status", [429, 503, 529])
def test_when_to_come_again_is_kept(status: int) -> None:
    assert status_error(status, {"retry-after": "7"}, b"").retry_after == 7.0
    assert status_error(status, {}, b"").retry_after is None


def test_a_text_that_llama_cpp_cannot_embed_is_too_long_and_no_outage() -> None:
    message = "input (900 tokens) is too large to process. increase the physical batch size"
    body = {"error": {"code": 500, "message": message, "type": "server_error"}}
    assert type(status_error(500, {}, json.dumps(body).encode())) is errors.ContextTooLong


@BOTH
@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_answer_may_have_cost_something(provider: Provider, name: str, fault: str) -> None:
    error = fail(provider, name, ask(), model=fault)
    assert type(error) is BROKEN[fault]
    assert error.is_retryable
    assert not error.is_unbilled


@BOTH
@pytest.mark.parametrize("fault", SILENT)
def test_a_silent_or_trickling_provider_times_out(
    provider: Provider, name: str, fault: str
) -> None:
    error = fail(provider, name, ask(), model=fault, timeout_seconds=0.3)
    assert type(error) is errors.ProviderTimeout
    assert not error.is_unbilled


@BOTH
def test_retry_after_is_read(provider: Provider, name: str) -> None:
    error = fail(provider, name, ask(), model="error-429-retry-2")
    assert isinstance(error, errors.RateLimited)
    assert error.retry_after == 2.0


def test_a_used_up_quota_is_no_rate_limit(provider: Provider) -> None:
    error = fail(provider, "openai", ask(), model="error-429-quota")
    assert type(error) is errors.OutOfCredit
    assert not error.is_retryable


@BOTH
def test_a_wrong_key_is_told(provider: Provider, name: str) -> None:
    error = fail(provider, name, ask(), model="ok", key="invalid")
    assert type(error) is errors.AuthenticationFailed


@BOTH
def test_nobody_listening_is_no_connection(name: str) -> None:
    error = fail(Provider(port=1, pid=0), name, ask(), model="ok")
    assert type(error) is errors.ConnectFailed
    assert error.is_unbilled


@BOTH
def test_an_output_that_breaks_its_schema_is_paid_and_retried(
    provider: Provider, name: str
) -> None:
    schema = {
        "type": "object",
        "properties": {"title": {"type": "string"}},
        "required": ["title"],
        "additionalProperties": False,
    }
    error = fail(provider, name, ask(response_schema=schema), model="invalid-output")
    assert isinstance(error, errors.InvalidOutput)
    assert error.is_retryable
    assert error.usage is not None
    [bill] = [b for b in provider.billed(model="invalid-output") if name[0] in b["path"]][-1:]
    assert error.usage.completion_tokens == bill["completion_tokens"]


@BOTH
def test_an_output_cut_at_max_tokens_is_no_output(provider: Provider, name: str) -> None:
    model = f"ok-tag-cut-{name}"
    provider.control(model=model, script=[{"text": '{"title": "' + "x" * 100 + '"}'}])
    schema = {
        "type": "object",
        "properties": {"title": {"type": "string"}},
        "required": ["title"],
        "additionalProperties": False,
    }
    error = fail(provider, name, ask(response_schema=schema), model=model, max_tokens=12)
    assert isinstance(error, errors.InvalidOutput)
    assert error.usage is not None
    assert error.usage.completion_tokens == 12


def test_arguments_that_are_no_json_are_paid_and_retried(provider: Provider) -> None:
    error = fail(provider, "openai", ask(tools=(WEATHER,)), model="bad-arguments")
    assert isinstance(error, errors.InvalidOutput)
    assert error.usage is not None


@BOTH
def test_missing_usage_is_guessed_and_said_so(provider: Provider, name: str) -> None:
    answer = call(provider, name, ask(), model="missing-usage", max_tokens=50)
    assert not answer.has_usage
    assert answer.completion.usage.completion_tokens == 50
    assert answer.completion.usage.prompt_tokens >= provider.billed()[-1]["prompt_tokens"]


@BOTH
def test_usage_above_the_bound_is_reported_as_it_is(provider: Provider, name: str) -> None:
    answer = call(provider, name, ask(), model="usage-above", max_tokens=50)
    assert answer.completion.usage.completion_tokens == 1010


@BOTH
@pytest.mark.parametrize("fault", ["nul-text", "surrogate-text", "nan-arguments"])
def test_what_postgresql_refuses_is_cleaned(provider: Provider, name: str, fault: str) -> None:
    for tools in ((), (WEATHER,)):
        completion = call(provider, name, ask(*HELLO, tools=tools), model=fault).completion
        stored = completion.model_dump_json()
        assert "\\u0000" not in stored
        assert "\\ud800" not in stored
        assert "NaN" not in stored
