"""What a jailed program sees, as bwrap's arguments."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from apps.tools.runners.confine.system import ETC, ROOT_FOLDERS, USR_FOLDERS
from apps.tools.runners.limits import MEGABYTE, Limits

BOX = "/box"
ARTIFACTS = "/box/artifacts"
INPUTS = "/box/inputs"
HOSTNAME = "sandbox"
JAIL_UID = 1000
PASSWD = b"sandbox:x:1000:1000:sandbox:/box:/usr/sbin/nologin\n"
GROUP = b"sandbox:x:1000:\n"

_SHARED_MEMORY_BYTES = 64 * MEGABYTE


@dataclass(frozen=True, kw_only=True)
class Descriptors:
    """File descriptors that bwrap inherits: it reads the filter, writes its child's pid to `info`,
    waits on `block`, and copies each of `data` to its path inside, and of `writable` so that the
    file can be changed there. `kept` ones are left to the command."""

    filter: int
    info: int
    block: int
    data: Mapping[str, int]
    writable: Mapping[str, int] = field(default_factory=dict)
    kept: tuple[int, ...] = ()

    @property
    def all(self) -> tuple[int, ...]:
        copied = (*self.data.values(), *self.writable.values())
        return (self.filter, self.info, self.block, *copied, *self.kept)


@dataclass(frozen=True, kw_only=True)
class Jail:
    """`readable` folders of the host appear at the same path, read-only, beside the system's;
    `shown` ones at another path."""

    limits: Limits
    environment: Mapping[str, str] = field(default_factory=dict)
    readable: tuple[str, ...] = ()
    shown: tuple[tuple[str, str], ...] = ()
    has_nested_namespaces: bool = False


def bwrap_arguments(
    jail: Jail, *, descriptors: Descriptors, command: tuple[str, ...]
) -> tuple[str, ...]:
    """The arguments of bwrap for `command` in this jail: new namespaces, no network, no
    capabilities, a read-only root, a private work folder, nothing of the worker's environment."""
    return (
        *_isolation(jail),
        *_system(),
        *_work(jail),
        *(part for path in jail.readable for part in ("--ro-bind", path, path)),
        *(part for source, path in jail.shown for part in ("--ro-bind", source, path)),
        *(part for path, fd in descriptors.data.items() for part in _data(path, fd)),
        *(part for path, fd in descriptors.writable.items() for part in _writable(path, fd)),
        *_environment(jail),
        *_seal(jail),
        *("--chdir", BOX),
        *("--seccomp", str(descriptors.filter)),
        *("--info-fd", str(descriptors.info), "--block-fd", str(descriptors.block)),
        "--",
        *command,
    )


def _isolation(jail: Jail) -> Iterator[str]:
    yield from ("--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc")
    yield from ("--unshare-uts", "--unshare-cgroup-try")
    yield from ("--uid", str(JAIL_UID), "--gid", str(JAIL_UID), "--hostname", HOSTNAME)
    yield from ("--cap-drop", "ALL", "--die-with-parent", "--new-session")
    if not jail.has_nested_namespaces:
        yield "--disable-userns"


def _system() -> Iterator[str]:
    for name in USR_FOLDERS:
        yield from ("--ro-bind-try", f"/usr/{name}", f"/usr/{name}")
    for name in ROOT_FOLDERS:
        path = Path("/", name)
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), str(path))
        elif path.is_dir():
            yield from ("--ro-bind", str(path), str(path))
    for name in ETC:
        yield from ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")
    yield from ("--proc", "/proc", "--dev", "/dev")


def _work(jail: Jail) -> Iterator[str]:
    yield from _tmpfs("/dev/shm", _SHARED_MEMORY_BYTES, mode="1777")  # noqa: S108
    yield from _tmpfs("/tmp", jail.limits.work_bytes, mode="1777")  # noqa: S108
    yield from _tmpfs(BOX, jail.limits.work_bytes, mode="0755")
    yield from ("--perms", "0755", "--tmpfs", INPUTS, "--dir", ARTIFACTS)


def _tmpfs(path: str, size: int, *, mode: str) -> tuple[str, ...]:
    return ("--size", str(size), "--perms", mode, "--tmpfs", path)


def _seal(jail: Jail) -> Iterator[str]:
    """Nothing can be written outside the work folders. By /proc a program could change settings of
    its namespaces and the memory of its first process, which has fewer limits; a browser needs it
    for namespaces of its own."""
    sealed = () if jail.has_nested_namespaces else ("/proc",)
    for path in (*sealed, INPUTS, "/dev", "/"):
        yield from ("--remount-ro", path)


def _data(path: str, descriptor: int) -> tuple[str, ...]:
    """A file of the root or of the inputs, which nobody can write: cheaper than mounts for each."""
    return ("--perms", "0444", "--file", str(descriptor), path)


def _writable(path: str, descriptor: int) -> tuple[str, ...]:
    return ("--perms", "0644", "--bind-data", str(descriptor), path)


def _environment(jail: Jail) -> Iterator[str]:
    yield "--clearenv"
    basis = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": BOX, "LANG": "C.UTF-8"}
    for name, value in {**basis, **jail.environment}.items():
        yield from ("--setenv", name, value)
