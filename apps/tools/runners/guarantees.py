"""What a sandbox promises about a program in it, by name, and the policy that asks for it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from apps.tools.runners.sandbox import SandboxUnavailable

GUARANTEES: Mapping[str, str] = {
    "private_processes": "reaches no process but its own",
    "own_user": "has no right to what belongs to the worker's user",
    "no_capabilities": "has no capabilities",
    "no_new_privileges": "cannot gain privileges",
    "filtered_system_calls": "is refused dangerous system calls",
    "no_network": "has no network",
    "hidden_host_files": "sees no file of the host but programs and libraries",
    "read_only_system": "writes nothing outside its work folder",
    "no_environment": "is told nothing of the worker's environment",
    "bounded_processes": "has a bounded number of processes",
    "bounded_memory": "has bounded memory",
}
"""Each sentence goes on after "a program"."""


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What a canary has shown of a sandbox: the Python in it, and the guarantees that hold."""

    version: tuple[int, int, int]
    held: frozenset[str]

    @property
    def is_whole(self) -> bool:
        """Whether every guarantee holds."""
        return self.held >= GUARANTEES.keys()

    @property
    def python_version(self) -> str:
        """As people write it."""
        return ".".join(map(str, self.version))


def required_guarantees(setting: str) -> list[str]:
    """The names that SANDBOX_REQUIRED_GUARANTEES lists, by comma; all when it is empty.

    Raises SandboxUnavailable for a name that there is not.
    """
    names = [name.strip() for name in setting.split(",") if name.strip()]
    if unknown := [name for name in names if name not in GUARANTEES]:
        raise SandboxUnavailable(
            f"SANDBOX_REQUIRED_GUARANTEES names {unknown[0]!r}; there are: {', '.join(GUARANTEES)}."
        )
    return names or list(GUARANTEES)


def check_policy(backend: str, held: Collection[str], setting: str) -> None:
    """Raises SandboxUnavailable unless every required guarantee is among `held`."""
    missing = [name for name in required_guarantees(setting) if name not in held]
    if missing:
        lacking = "; ".join(f"that a program {GUARANTEES[name]} ({name})" for name in missing)
        raise SandboxUnavailable(
            f"The sandbox {backend} cannot promise on this machine {lacking}. Choose another one "
            "with SANDBOX_BACKEND, or list in SANDBOX_REQUIRED_GUARANTEES only what you need."
        )
