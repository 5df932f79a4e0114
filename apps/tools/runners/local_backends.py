"""The sandboxes that hold a program on the machine itself, the best first."""

from collections.abc import Callable, Mapping

from agentplatform.settings.tool_settings import ToolSettings
from apps.tools.runners.bubblewrap.sandbox import BubblewrapSandbox
from apps.tools.runners.lite.run import Place
from apps.tools.runners.lite.sandbox import LiteSandbox
from apps.tools.runners.lite.slots import Slots
from apps.tools.runners.sandbox import Sandbox


def _bubblewrap(platform: ToolSettings) -> Sandbox:
    return BubblewrapSandbox(
        bubblewrap_path=platform.bubblewrap_path,
        sandbox_python=platform.sandbox_python,
        sandbox_node=platform.sandbox_node,
        cgroup=platform.sandbox_cgroup,
        packages=platform.sandbox_packages,
        pool_size=platform.sandbox_pool_size,
    )


def _lite(platform: ToolSettings) -> Sandbox:
    first, last = map(int, platform.sandbox_lite_users.split("-"))
    slots = Slots(folder=platform.sandbox_lite_folder, users=range(first, last + 1))
    return LiteSandbox(
        place=Place(slots=slots, cgroup=platform.sandbox_cgroup),
        python=platform.sandbox_python,
        node=platform.sandbox_node,
        packages=platform.sandbox_packages,
    )


LOCAL_BACKENDS: Mapping[str, Callable[[ToolSettings], Sandbox]] = {
    "bubblewrap": _bubblewrap,
    "lite": _lite,
}
