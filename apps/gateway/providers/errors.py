"""What can go wrong between us and a provider, told apart by type and status, and by wording only
where there is nothing else."""

from typing import ClassVar

from apps.gateway.contracts import Usage

_LONGEST_DETAIL = 500


def shorten(detail: str) -> str:
    """`detail`, or its beginning: a provider may say any amount."""
    return detail if len(detail) <= _LONGEST_DETAIL else detail[:_LONGEST_DETAIL] + "…"


class ProviderError(Exception):
    """The root. `is_retryable`: the same provider may answer the next try. `is_failover`: another
    provider may answer. `is_unbilled`: the provider surely charged nothing; otherwise, and with no
    `usage` known, the attempt is charged at what was reserved. `retry_after` is in seconds, when
    the provider said."""

    code: ClassVar[str] = "provider_error"
    is_retryable: ClassVar[bool] = False
    is_failover: ClassVar[bool] = True
    is_unbilled: ClassVar[bool] = True
    usage: Usage | None = None
    retry_after: float | None = None


class ConnectFailed(ProviderError):
    """Nothing was sent."""

    code = "connect_failed"
    is_retryable = True


class Busy(ProviderError):
    """The provider answered that it cannot serve now; it may have said when to come again."""

    is_retryable = True

    def __init__(self, detail: str, *, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class ProviderUnavailable(Busy):
    """5xx, 529, 408, 409."""

    code = "unavailable"


class RateLimited(Busy):
    """429."""

    code = "rate_limited"


class ProviderTimeout(ProviderError):
    """Sent, and no answer in time: the provider may have worked."""

    code = "timeout"
    is_retryable = True
    is_unbilled = False


class ConnectionLost(ProviderError):
    """Sent, and the connection broke before the answer was whole."""

    code = "connection_lost"
    is_retryable = True
    is_unbilled = False


class CallAbandoned(ProviderError):
    """Sent, and our worker was told to stop before the answer came."""

    code = "abandoned"
    is_retryable = True
    is_unbilled = False


class NeverAsked(CallAbandoned):
    """Nobody waited for the answer any more before anything was sent."""

    is_unbilled = True


class InvalidAnswer(ProviderError):
    """The provider answered something that is no answer."""

    code = "invalid_answer"
    is_retryable = True
    is_unbilled = False


class InvalidOutput(ProviderError):
    """The model's text or tool arguments break the schema that was asked for."""

    code = "invalid_output"
    is_retryable = True
    is_unbilled = False

    def __init__(self, detail: str, *, usage: Usage | None) -> None:
        super().__init__(detail)
        self.usage = usage


class AuthenticationFailed(ProviderError):
    """401 or 403: our key does not work there."""

    code = "authentication_failed"


class OutOfCredit(ProviderError):
    """402, or a quota that is used up: our account there is empty."""

    code = "out_of_credit"


class ModelNotFound(ProviderError):
    """404: the provider does not have this model."""

    code = "model_not_found"


class ContextTooLong(ProviderError):
    """The prompt does not fit this model's window; another's may be larger."""

    code = "context_too_long"


class ContentFiltered(ProviderError):
    """The provider refuses to read the prompt, or to answer it. With `usage` it was paid for."""

    code = "content_filtered"
    is_failover = False

    def __init__(self, detail: str, *, usage: Usage | None = None) -> None:
        super().__init__(detail)
        self.usage = usage


class Unsupported(ProviderError):
    """This provider cannot do what is asked for, by what we know of it or by its 501; another may.
    That says nothing of whether it is well."""

    code = "unsupported"


class BadRequest(ProviderError):
    """Any other 4xx: the request is wrong, wherever it is sent."""

    code = "bad_request"
    is_failover = False
