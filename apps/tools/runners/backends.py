"""Which sandbox holds untrusted code here, and whether it promises enough."""

from collections.abc import Callable, Mapping

from django.conf import settings

from apps.tools.runners.bubblewrap.sandbox import BubblewrapSandbox
from apps.tools.runners.guarantees import check_policy
from apps.tools.runners.lite.run import Place
from apps.tools.runners.lite.sandbox import LiteSandbox
from apps.tools.runners.lite.slots import Slots
from apps.tools.runners.sandbox import Sandbox


def choose_sandbox() -> Sandbox:
    """The sandbox that the operator has chosen with SANDBOX_BACKEND; never another one.

    Raises SandboxUnavailable when it cannot run here or promises less than
    SANDBOX_REQUIRED_GUARANTEES asks for.
    """
    sandbox = BACKENDS[settings.PLATFORM.sandbox_backend]()
    check_policy(sandbox.name, sandbox.prove().held, settings.PLATFORM.sandbox_required_guarantees)
    return sandbox


def _bubblewrap() -> Sandbox:
    platform = settings.PLATFORM
    return BubblewrapSandbox(
        bubblewrap_path=platform.bubblewrap_path,
        sandbox_python=platform.sandbox_python,
        sandbox_node=platform.sandbox_node,
        cgroup=platform.sandbox_cgroup,
        packages=platform.sandbox_packages,
        pool_size=platform.sandbox_pool_size,
    )


def _lite() -> Sandbox:
    platform = settings.PLATFORM
    first, last = map(int, platform.sandbox_lite_users.split("-"))
    slots = Slots(folder=platform.sandbox_lite_folder, users=range(first, last + 1))
    return LiteSandbox(
        place=Place(slots=slots, cgroup=platform.sandbox_cgroup),
        python=platform.sandbox_python,
        node=platform.sandbox_node,
        packages=platform.sandbox_packages,
    )


BACKENDS: Mapping[str, Callable[[], Sandbox]] = {"bubblewrap": _bubblewrap, "lite": _lite}
