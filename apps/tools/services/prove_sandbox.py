"""Try out, when a worker starts, whether it may run code."""

import structlog
from django.conf import settings

from apps.tools.runners.backends import choose_sandbox
from apps.tools.runners.work import ToolFailure

log = structlog.get_logger("tools")


def prove_sandbox() -> bool:
    """Whether programs can run here as SANDBOX_REQUIRED_GUARANTEES asks; both is logged.

    Where they cannot, every call of code is refused with the same words; other tools work on.
    """
    backend = settings.PLATFORM.sandbox_backend
    try:
        promise = choose_sandbox().prove()
    except ToolFailure as failure:
        log.error("sandbox.refused", backend=backend, detail=failure.detail)
        return False
    log.info(
        "sandbox.proven", backend=backend, made_of=promise.made_of, guarantees=sorted(promise.held)
    )
    return True
