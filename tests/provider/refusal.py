"""A request that the provider turns down."""


class Refusal(Exception):
    """An error answer before it has a wire format.

    `kind` is the error's type in the words of the wire that answers; None lets the status decide.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str | None = None,
        code: str | None = None,
        param: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.kind = kind
        self.code = code
        self.param = param
        self.retry_after = retry_after
