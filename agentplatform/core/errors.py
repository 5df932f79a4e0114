"""Errors that cross a border. Each says what to change and whether a retry may help."""

from typing import Any, ClassVar


class PlatformError(Exception):
    """The root of errors that a caller can act on. `detail` says what to change."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    is_retryable: ClassVar[bool] = False

    def __init__(self, detail: str, *, errors: dict[str, Any] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors or {}


class InvalidInput(PlatformError):
    """The request is understood and wrong; `errors` maps a field's path to what is wrong."""

    code = "invalid"
    status = 422


class NotFound(PlatformError):
    """Missing, or another tenant's: the two look the same."""

    code = "not_found"
    status = 404


class Conflict(PlatformError):
    """The request contradicts the present state."""

    code = "conflict"
    status = 409


class TooLarge(PlatformError):
    """A body or a file above its limit."""

    code = "too_large"
    status = 413
