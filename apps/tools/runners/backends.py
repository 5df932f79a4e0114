"""Which sandbox holds untrusted code here."""

from django.conf import settings

from apps.tools.runners.bubblewrap.sandbox import BubblewrapSandbox
from apps.tools.runners.sandbox import Sandbox


def choose_sandbox() -> Sandbox:
    """The sandbox that the operator has chosen with SANDBOX_BACKEND."""
    platform = settings.PLATFORM
    return BubblewrapSandbox(
        bubblewrap_path=platform.bubblewrap_path,
        sandbox_python=platform.sandbox_python,
        sandbox_node=platform.sandbox_node,
        cgroup=platform.sandbox_cgroup,
        pool_size=platform.sandbox_pool_size,
    )
