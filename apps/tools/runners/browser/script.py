"""Run a whole Playwright script: driver and browser together in the code sandbox."""

import inspect
import sys
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.conf import settings

from apps.tools.runners.backends import choose_sandbox
from apps.tools.runners.browser import running
from apps.tools.runners.browser.chromium import BrowserUnavailable, Chromium, find_chromium
from apps.tools.runners.browser.inside import prelude
from apps.tools.runners.browser.jailing import font_settings
from apps.tools.runners.browser.order import browser_limits, viewport_of
from apps.tools.runners.bubblewrap.equipment import find_equipment
from apps.tools.runners.code import open_files, ran_of
from apps.tools.runners.sandbox import Extras, Job
from apps.tools.runners.work import Ran, ToolFailure, Work

_PACKAGES = ("playwright", "greenlet")
_OTHERS = ("html", "url", "actions")


def run_script(work: Work) -> Ran:
    """Run `arguments.script`, which finds `page` or starts Playwright itself. It ends as a program
    of the tool `code` does: `value` is the last line of its standard output when that is JSON."""
    if given := [name for name in _OTHERS if name in work.arguments]:
        raise ToolFailure(
            "invalid_arguments",
            f"arguments.{given[0]}: a script does all by itself; leave out {', '.join(given)}.",
        )
    sandbox = choose_sandbox()
    if sandbox.name != "bubblewrap":
        raise BrowserUnavailable(
            f"The sandbox {sandbox.name} has no browser; scripts need SANDBOX_BACKEND=bubblewrap."
        )
    chromium = find_chromium(settings.PLATFORM.chromium_path)
    with ExitStack() as held:
        job = Job(
            language="python",
            program=_program(work.arguments, chromium),
            inputs=open_files(work, held),
            limits=browser_limits(work.limits),
            egress=work.egress if work.egress.rules else None,
            extras=_extras(chromium),
        )
        return ran_of(sandbox.run(job, stop=work.stop), sandbox.name, None)


def _program(arguments: dict[str, Any], chromium: Chromium) -> str:
    about = {
        "path": chromium.path,
        "arguments": list(running.ARGUMENTS),
        "environment": dict(chromium.environment),
        "fonts": font_settings(chromium),
        "viewport": viewport_of(arguments),
    }
    names = {"data": arguments.get("data")}
    return f"{inspect.getsource(prelude)}\n\nmain({arguments['script']!r}, {names!r}, {about!r})\n"


def _extras(chromium: Chromium) -> Extras:
    """Playwright as the worker has it, and Chromium. Raises BrowserUnavailable when the sandbox's
    Python is of another version than the worker's, for which Playwright was installed."""
    platform = settings.PLATFORM
    equipment = find_equipment(
        bubblewrap_path=platform.bubblewrap_path,
        sandbox_python=platform.sandbox_python,
        cgroup=platform.sandbox_cgroup,
    )
    wanted = sys.version_info[:2]
    if equipment.proof.version[:2] != wanted:
        found = ".".join(map(str, equipment.proof.version[:2]))
        raise BrowserUnavailable(
            f"Scripts need Python {wanted[0]}.{wanted[1]} in the sandbox, for which Playwright is "
            f"installed, but it has {found}: name another in SANDBOX_PYTHON."
        )
    folders = [_folder(name) for name in _PACKAGES]
    return Extras(
        readable=(*map(str, folders), *chromium.readable),
        environment=(("PYTHONPATH", ":".join(dict.fromkeys(str(one.parent) for one in folders))),),
        makes_namespaces=True,
    )


def _folder(package: str) -> Path:
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).resolve().parent
