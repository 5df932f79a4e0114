"""What follows a provider's failure."""

import pytest

from apps.gateway.providers import errors
from apps.gateway.services.retry import Decision, decide, wait_after


def after(error: errors.ProviderError, **how: object) -> Decision:
    defaults: dict[str, object] = {
        "tries": 1,
        "has_next": True,
        "left_seconds": 100.0,
        "jitter": 0.0,
    }
    return decide(error, **(defaults | how))  # type: ignore[arg-type]


def test_an_outage_is_tried_three_times_with_growing_delays() -> None:
    outage = errors.ProviderUnavailable("down")
    assert [after(outage, tries=tries) for tries in (1, 2, 3)] == [
        Decision("retry", 0.25),
        Decision("retry", 0.5),
        Decision("next"),
    ]


def test_jitter_spreads_the_delay() -> None:
    assert after(errors.ProviderUnavailable("down"), jitter=1.0).delay_seconds == 0.5


@pytest.mark.parametrize("kind", [errors.RateLimited, errors.ProviderUnavailable])
def test_a_wait_that_the_provider_names_is_kept(kind: type[errors.Busy]) -> None:
    assert after(kind("later", retry_after=3.0)).delay_seconds == 3.0
    assert wait_after(kind("later", retry_after=3.0)) == 3.0
    assert wait_after(kind("later")) == 0.0


def test_nobody_waits_long_when_another_provider_is_there() -> None:
    limited = errors.RateLimited("slow down", retry_after=30.0)
    assert after(limited).action == "next"
    assert after(limited, has_next=False).action == "retry"


def test_nobody_waits_past_the_deadline() -> None:
    limited = errors.RateLimited("slow down", retry_after=30.0)
    assert after(limited, has_next=False, left_seconds=20.0).action == "next"


def test_a_silent_provider_is_left_at_once() -> None:
    assert after(errors.ProviderTimeout("late")).action == "next"
    assert after(errors.ProviderTimeout("late"), has_next=False).action == "retry"


def test_a_wrong_request_ends_the_call() -> None:
    assert after(errors.BadRequest("no")).action == "stop"


@pytest.mark.parametrize(
    "error",
    [
        errors.AuthenticationFailed("key"),
        errors.OutOfCredit("empty"),
        errors.ModelNotFound("who"),
        errors.ContextTooLong("long"),
    ],
)
def test_what_another_provider_may_serve_goes_there(error: errors.ProviderError) -> None:
    assert after(error).action == "next"


def test_invalid_output_is_tried_once_more_at_once() -> None:
    invalid = errors.InvalidOutput("no JSON", usage=None)
    assert after(invalid) == Decision("retry", 0.0)
    assert after(invalid, tries=2).action == "next"
