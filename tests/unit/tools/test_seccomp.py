"""The filter, executed by a small interpreter of classic BPF."""

import errno
import struct

import pytest

from apps.tools.runners.confine.checks import LASTING_DESCRIPTOR
from apps.tools.runners.confine.seccomp import UnsupportedMachine, build_filter
from apps.tools.runners.confine.syscalls import (
    CLOSE,
    CODE_ONLY,
    DANGEROUS,
    FCNTL,
    FLUSHES,
    FOREIGN,
    MMAP,
    PRCTL,
    PRETENDED,
    PRLIMIT,
    SECCOMP,
    SETRLIMIT,
    SETSOCKOPT,
    SHARED_ONLY,
    SOCKETPAIR,
)

AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOW, KILL = 0x7FFF0000, 0x80000000
NEW_USER, NEW_NET = 0x10000000, 0x40000000


def refuse(code):
    return 0x00050000 | code


def judge(program, *, architecture, number, arguments=()):
    padded = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack("<IIQ6Q", number, architecture, 0, *padded)
    at = accumulator = 0
    while True:
        code, when_true, when_false, value = struct.unpack_from("<HBBI", program, at * 8)
        at += 1
        match code:
            case 0x20:
                (accumulator,) = struct.unpack_from("<I", data, value)
            case 0x54:
                accumulator &= value
            case 0x15:
                at += when_true if accumulator == value else when_false
            case 0x45:
                at += when_true if accumulator & value else when_false
            case 0x35:
                at += when_true if accumulator >= value else when_false
            case 0x06:
                return value


@pytest.fixture(params=sorted(AUDIT))
def machine(request):
    return request.param


def verdict(machine, profile, name_or_number, *arguments):
    number = name_or_number
    if not isinstance(number, int):
        number = getattr(number, machine)
    return judge(
        build_filter(profile, machine),
        architecture=AUDIT[machine],
        number=number,
        arguments=arguments,
    )


SOCKET = {"x86_64": 41, "aarch64": 198}
CLONE = {"x86_64": 56, "aarch64": 220}
IOCTL = {"x86_64": 16, "aarch64": 29}
READ = {"x86_64": 0, "aarch64": 63}


def test_ordinary_calls_pass(machine):
    assert verdict(machine, "code", READ[machine]) == ALLOW


@pytest.mark.parametrize("profile", ["code", "browser"])
def test_dangerous_calls_are_refused(machine, profile):
    there = [numbers for numbers in DANGEROUS.values() if getattr(numbers, machine) is not None]
    verdicts = {verdict(machine, profile, numbers) for numbers in there}
    assert verdicts == {refuse(errno.EPERM)}


@pytest.mark.parametrize("name", sorted(CODE_ONLY))
def test_namespaces_and_hidden_memory_are_for_the_browser_only(machine, name):
    assert verdict(machine, "code", CODE_ONLY[name]) == refuse(errno.EPERM)
    assert verdict(machine, "browser", CODE_ONLY[name]) == ALLOW


def test_another_architecture_is_killed():
    i386 = 0x40000003
    assert judge(build_filter("code", "x86_64"), architecture=i386, number=0) == KILL


def test_the_x32_twin_of_a_call_is_killed():
    program = build_filter("code", "x86_64")
    assert judge(program, architecture=AUDIT["x86_64"], number=0x40000000 | 101) == KILL


@pytest.mark.parametrize("profile", ["code", "browser"])
@pytest.mark.parametrize(
    ("family", "kind", "protocol", "expected"),
    [
        (1, 1, 0, ALLOW),
        (1, 5, 0, ALLOW),
        (2, 1, 0, ALLOW),
        (2, 1, 6, ALLOW),
        (10, 2 | 0o2000000, 17, ALLOW),
        (2, 1, 132, refuse(errno.EPROTONOSUPPORT)),
        (2, 1, 262, refuse(errno.EPROTONOSUPPORT)),
        (10, 2, 136, refuse(errno.EPROTONOSUPPORT)),
        (2, 5, 132, refuse(errno.EPERM)),
        (10, 6, 33, refuse(errno.EPERM)),
        (2, 3, 0, refuse(errno.EPERM)),
        (10, 3 | 0o2000000, 0, refuse(errno.EPERM)),
        (16, 3, 0, refuse(errno.EAFNOSUPPORT)),
        (17, 3, 0, refuse(errno.EAFNOSUPPORT)),
        (38, 5, 0, refuse(errno.EAFNOSUPPORT)),
        (40, 1, 0, refuse(errno.EAFNOSUPPORT)),
    ],
)
def test_only_plain_sockets_can_be_made(machine, profile, family, kind, protocol, expected):
    assert verdict(machine, profile, SOCKET[machine], family, kind, protocol) == expected


@pytest.mark.parametrize("profile", ["code", "browser", "shared", "shared_user"])
def test_nothing_is_taken_of_what_the_machine_has_once(machine, profile):
    assert {verdict(machine, profile, one) for one in FLUSHES.values()} == {refuse(0)}
    huge, plain = 0x40022, 0x22
    assert verdict(machine, profile, MMAP, 0, 1 << 21, 3, huge) == refuse(errno.ENOMEM)
    assert verdict(machine, profile, MMAP, 0, 1 << 21, 3, plain) == ALLOW


@pytest.mark.parametrize("flag", [NEW_USER, NEW_NET])
def test_clone_makes_no_namespaces_for_code(machine, flag):
    assert verdict(machine, "code", CLONE[machine], flag | 17) == refuse(errno.EPERM)
    assert verdict(machine, "code", CLONE[machine], 17) == ALLOW
    assert verdict(machine, "browser", CLONE[machine], flag | 17) == ALLOW


def test_clone3_is_said_not_to_exist(machine):
    assert verdict(machine, "code", 435) == refuse(errno.ENOSYS)


@pytest.mark.parametrize("request_code", [0x5412, 0x541C, 0x1_0000_5412])
def test_nothing_can_type_into_a_terminal(machine, request_code):
    assert verdict(machine, "code", IOCTL[machine], 0, request_code) == refuse(errno.EPERM)
    assert verdict(machine, "code", IOCTL[machine], 0, 0x5401) == ALLOW


def test_an_unknown_processor_is_refused_by_name():
    with pytest.raises(UnsupportedMachine, match="riscv64"):
        build_filter("code", "riscv64")


@pytest.mark.parametrize("profile", ["code", "browser", "shared"])
@pytest.mark.parametrize("command", [36, 37, 38])
def test_a_lock_belongs_to_a_process(machine, profile, command):
    assert verdict(machine, profile, FCNTL, 3, command) == refuse(errno.EINVAL)
    assert verdict(machine, profile, FCNTL, 3, 6) == ALLOW


@pytest.mark.parametrize("option", [7, 8, 32, 33])
def test_the_size_of_a_sockets_buffers_stays_as_it_comes(machine, option):
    assert verdict(machine, "code", SETSOCKOPT, 3, 1, option) == refuse(0)
    assert verdict(machine, "code", SETSOCKOPT, 3, 6, option) == ALLOW
    assert verdict(machine, "code", SETSOCKOPT, 3, 1, 2) == ALLOW


def test_no_filter_is_added_but_by_a_browser(machine):
    for option in (26, 50, 51, 52):
        verdicts = {verdict(machine, one, SETSOCKOPT, 3, 1, option) for one in ("code", "browser")}
        assert verdicts == {refuse(errno.EPERM)}
    for numbers, operation, harmless in ((SECCOMP, 1, 2), (PRCTL, 22, 15)):
        assert verdict(machine, "code", numbers, operation) == refuse(errno.EINVAL)
        assert verdict(machine, "shared", numbers, operation) == refuse(errno.EINVAL)
        assert verdict(machine, "code", numbers, harmless) == ALLOW
        assert verdict(machine, "browser", numbers, operation) == ALLOW


@pytest.mark.parametrize("profile", ["code", "browser", "shared"])
def test_the_limit_on_core_dumps_stays(machine, profile):
    core, files, low, high = 4, 7, 0x1000, 1 << 40
    for place in (low, high, low | high):
        assert verdict(machine, profile, PRLIMIT, 0, core, place) == refuse(errno.EINVAL)
    assert verdict(machine, profile, PRLIMIT, 0, core, 0, low) == ALLOW
    assert verdict(machine, profile, PRLIMIT, 0, files, low) == ALLOW
    assert verdict(machine, profile, SETRLIMIT, core, low) == refuse(errno.EINVAL)
    assert verdict(machine, profile, SETRLIMIT, files, low) == ALLOW


def test_without_namespaces_nobody_elses_limits_are_named(machine):
    for value in (1, 1 << 32):
        assert verdict(machine, "shared", PRLIMIT, value, 7, 0) == refuse(errno.EPERM)
    assert verdict(machine, "code", PRLIMIT, 1, 7, 0) == ALLOW


SHARED = ("shared", "shared_user")


@pytest.mark.parametrize("profile", SHARED)
@pytest.mark.parametrize("family", [1, 2, 10, 16, 17, 40])
def test_without_namespaces_there_is_no_socket_at_all(machine, profile, family):
    verdict_on_it = verdict(machine, profile, SOCKET[machine], family, 1)
    assert verdict_on_it == refuse(errno.EAFNOSUPPORT)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (1, ALLOW),
        (5 | 0o2000000, ALLOW),
        (2, refuse(errno.EPERM)),
        (2 | 0o4000, refuse(errno.EPERM)),
    ],
)
def test_without_namespaces_only_streams_come_in_pairs(machine, kind, expected):
    assert verdict(machine, "shared", SOCKETPAIR, 1, kind) == expected


@pytest.mark.parametrize("name", sorted(FOREIGN))
def test_without_namespaces_no_other_process_or_address_can_be_named(machine, name):
    numbers, argument = FOREIGN[name]
    for value in (1, 0x1_0000_0000, 0xFFFFFFFF):
        arguments = [0] * argument + [value]
        assert verdict(machine, "shared", numbers, *arguments) == refuse(errno.EPERM)
    assert verdict(machine, "shared", numbers) == ALLOW


def test_without_namespaces_the_descriptor_of_the_box_is_not_closed(machine):
    pretend = refuse(0)
    assert verdict(machine, "shared", CLOSE, LASTING_DESCRIPTOR) == pretend
    assert verdict(machine, "shared", CLOSE, LASTING_DESCRIPTOR + 1) == ALLOW
    assert verdict(machine, "code", CLOSE, LASTING_DESCRIPTOR) == ALLOW


@pytest.mark.parametrize("profile", SHARED)
def test_without_namespaces_no_open_file_is_hidden_from_who_counts_them(machine, profile):
    files, thread = 0x400, 0x10000
    assert verdict(machine, profile, CLONE[machine], thread) == refuse(errno.EPERM)
    assert verdict(machine, profile, CLONE[machine], thread | files) == ALLOW
    assert verdict(machine, profile, CLONE[machine], 17) == ALLOW
    assert verdict(machine, profile, CLONE[machine], NEW_USER | files) == refuse(errno.EPERM)
    assert verdict(machine, profile, PRCTL, 4, 0) == refuse(0)
    assert verdict(machine, profile, PRCTL, 15) == ALLOW
    assert verdict(machine, profile, SHARED_ONLY["sendmsg"]) == refuse(errno.EPERM)


def test_what_the_workers_own_user_could_do_to_its_files_is_only_pretended(machine):
    there = [numbers for numbers in PRETENDED.values() if getattr(numbers, machine) is not None]
    assert {verdict(machine, "shared_user", numbers) for numbers in there} == {refuse(0)}
    assert {verdict(machine, "shared", numbers) for numbers in there} == {ALLOW}
