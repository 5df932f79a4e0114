"""Why a request did not leave."""


class EgressRefused(Exception):
    """The request may not leave; `detail` is one sentence that says why."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class HostUnreachable(Exception):
    """The host has no address, or does not answer. Trying again may help."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class TooManyRequests(EgressRefused):
    """The call makes requests faster than it may."""
