"""Try out, when a worker starts, whether it may run code."""

import tempfile

import structlog
from django.conf import settings

from apps.tools.runners.backends import choose_sandbox
from apps.tools.runners.browser.folder import HOST_TMP
from apps.tools.runners.confine.own_folder import sweep
from apps.tools.runners.work import ToolFailure

log = structlog.get_logger("tools")


def prove_sandbox() -> bool:
    """Whether programs can run here as SANDBOX_REQUIRED_GUARANTEES asks; both is logged. What
    killed workers have left is removed first.

    Where they cannot, every call of code is refused with the same words; other tools work on.
    """
    backend = settings.PLATFORM.sandbox_backend
    for place in {HOST_TMP, tempfile.gettempdir()}:
        sweep(place)
    try:
        promise = choose_sandbox().prove()
    except ToolFailure as failure:
        log.error("sandbox.refused", backend=backend, detail=failure.detail)
        return False
    log.info(
        "sandbox.proven", backend=backend, made_of=promise.made_of, guarantees=sorted(promise.held)
    )
    return True
