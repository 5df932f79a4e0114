"""The Sandbox port inside a container that has no namespaces to give: a user, a system call filter,
Landlock and limits for every program."""

import threading
from pathlib import Path

from apps.tools.runners.confine.packages import NO_PACKAGES, find_packages, with_packages
from apps.tools.runners.lite.box import BOX_TARGET, link_box
from apps.tools.runners.lite.equipment import find_node, find_python
from apps.tools.runners.lite.run import Place, run_job
from apps.tools.runners.sandbox import Job, Outcome, Promise, SandboxUnavailable


class LiteSandbox:
    """An empty path means: look the program up."""

    name = "lite"

    def __init__(
        self, *, place: Place, python: str = "", node: str = "", packages: Path = NO_PACKAGES
    ) -> None:
        self._place = place
        self._packages = packages
        self._python = python
        self._node = node

    def prove(self) -> Promise:
        """See Sandbox.prove."""
        found = find_python(self._place, self._python)
        packages = find_packages(self._packages, found.proof)
        names = "" if link_box() else f", without /box: ln -s {BOX_TARGET} /box"
        return Promise(
            held=found.proof.held,
            made_of=f"{found.python.path} {found.proof.python_version}{names}",
            packages=packages.names,
            packages_problem=packages.problem,
        )

    def run(self, job: Job, *, stop: threading.Event) -> Outcome:
        """See Sandbox.run."""
        if job.egress is not None:
            raise SandboxUnavailable(
                "The sandbox lite has no way out: nothing there holds a program to a proxy. Choose "
                "another one with SANDBOX_BACKEND, or do without the network in this call."
            )
        found = find_python(self._place, self._python)
        packages = find_packages(self._packages, found.proof)
        interpreter = with_packages(found.python, packages, has_own_mounts=False)
        if job.language == "node":
            interpreter = find_node(self._place, self._node)
        return run_job(self._place, interpreter, job, stop)
