"""System calls that a sandbox refuses, with their numbers on x86_64 and aarch64."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Numbers:
    """A call's number on each machine; None where it does not exist."""

    x86_64: int | None
    aarch64: int | None


CLONE = Numbers(56, 220)
CLONE3 = Numbers(435, 435)
SOCKET = Numbers(41, 198)
IOCTL = Numbers(16, 29)
FCNTL = Numbers(72, 25)
SECCOMP = Numbers(317, 277)
SETSOCKOPT = Numbers(54, 208)
MMAP = Numbers(9, 222)
PRCTL = Numbers(157, 167)
PRLIMIT = Numbers(302, 261)
SETRLIMIT = Numbers(160, 164)

# Reach into other processes, kernel keys and interfaces with a long history of holes, mounts,
# clocks, modules, raw devices; affinity; what the machine has one supply of (asynchronous I/O); and
# memory that belongs to no process (System V's, queues, memfd), which sampling would miss. Nothing
# that a program or a browser needs.
DANGEROUS: Mapping[str, Numbers] = {
    "acct": Numbers(163, 89),
    "add_key": Numbers(248, 217),
    "adjtimex": Numbers(159, 171),
    "bpf": Numbers(321, 280),
    "clock_adjtime": Numbers(305, 266),
    "clock_settime": Numbers(227, 112),
    "delete_module": Numbers(176, 106),
    "fanotify_init": Numbers(300, 262),
    "finit_module": Numbers(313, 273),
    "fsconfig": Numbers(431, 431),
    "fsmount": Numbers(432, 432),
    "fsopen": Numbers(430, 430),
    "fspick": Numbers(433, 433),
    "init_module": Numbers(175, 105),
    "io_setup": Numbers(206, 0),
    "io_uring_enter": Numbers(426, 426),
    "io_uring_register": Numbers(427, 427),
    "io_uring_setup": Numbers(425, 425),
    "ioperm": Numbers(173, None),
    "iopl": Numbers(172, None),
    "kcmp": Numbers(312, 272),
    "kexec_file_load": Numbers(320, 294),
    "kexec_load": Numbers(246, 104),
    "keyctl": Numbers(250, 219),
    "lookup_dcookie": Numbers(212, 18),
    "mbind": Numbers(237, 235),
    "memfd_create": Numbers(319, 279),
    "memfd_secret": Numbers(447, 447),
    "migrate_pages": Numbers(256, 238),
    "modify_ldt": Numbers(154, None),
    "mount": Numbers(165, 40),
    "mount_setattr": Numbers(442, 442),
    "move_mount": Numbers(429, 429),
    "move_pages": Numbers(279, 239),
    "mq_open": Numbers(240, 180),
    "msgget": Numbers(68, 186),
    "name_to_handle_at": Numbers(303, 264),
    "nfsservctl": Numbers(180, 42),
    "open_by_handle_at": Numbers(304, 265),
    "open_tree": Numbers(428, 428),
    "open_tree_attr": Numbers(467, 467),
    "perf_event_open": Numbers(298, 241),
    "personality": Numbers(135, 92),
    "pidfd_getfd": Numbers(438, 438),
    "pivot_root": Numbers(155, 41),
    "process_madvise": Numbers(440, 440),
    "process_vm_readv": Numbers(310, 270),
    "process_vm_writev": Numbers(311, 271),
    "ptrace": Numbers(101, 117),
    "quotactl": Numbers(179, 60),
    "quotactl_fd": Numbers(443, 443),
    "reboot": Numbers(169, 142),
    "request_key": Numbers(249, 218),
    "sched_setaffinity": Numbers(203, 122),
    "semget": Numbers(64, 190),
    "set_mempolicy": Numbers(238, 237),
    "set_mempolicy_home_node": Numbers(450, 450),
    "setdomainname": Numbers(171, 162),
    "sethostname": Numbers(170, 161),
    "settimeofday": Numbers(164, 170),
    "shmget": Numbers(29, 194),
    "swapoff": Numbers(168, 225),
    "swapon": Numbers(167, 224),
    "syslog": Numbers(103, 116),
    "umount2": Numbers(166, 39),
    "uselib": Numbers(134, None),
    "userfaultfd": Numbers(323, 282),
    "vhangup": Numbers(153, 58),
    "vmsplice": Numbers(278, 75),
}

# Writing everybody's changes to the disks: answered as if it were done, for none of it is lasting.
FLUSHES: Mapping[str, Numbers] = {"sync": Numbers(162, 81), "syncfs": Numbers(306, 267)}

# New namespaces, which a browser uses to build its own sandbox and a program has no use for.
CODE_ONLY: Mapping[str, Numbers] = {
    "chroot": Numbers(161, 51),
    "setns": Numbers(308, 268),
    "unshare": Numbers(272, 97),
}

# What a jail without namespaces adds: queues that belong to no process, addresses of sockets, of
# which it has only connected pairs, and open files on their way through those, which nobody counts.
SHARED_ONLY: Mapping[str, Numbers] = {
    "bind": Numbers(49, 200),
    "connect": Numbers(42, 203),
    "mq_unlink": Numbers(241, 181),
    "msgctl": Numbers(71, 187),
    "msgget": Numbers(68, 186),
    "msgrcv": Numbers(70, 188),
    "msgsnd": Numbers(69, 189),
    "semctl": Numbers(66, 191),
    "semget": Numbers(64, 190),
    "semop": Numbers(65, 193),
    "semtimedop": Numbers(220, 192),
    "sendmmsg": Numbers(307, 269),
    "sendmsg": Numbers(46, 211),
    "shmat": Numbers(30, 196),
    "shmctl": Numbers(31, 195),
}

# Calls whose argument of this number, when it is not 0, names another process, or an address.
FOREIGN: Mapping[str, tuple[Numbers, int]] = {
    "ioprio_set": (Numbers(251, 30), 1),
    "sched_setattr": (Numbers(314, 274), 0),
    "sched_setparam": (Numbers(142, 118), 0),
    "sched_setscheduler": (Numbers(144, 119), 0),
    "sendto": (Numbers(44, 206), 4),
    "setpriority": (Numbers(141, 140), 1),
}

SOCKETPAIR = Numbers(53, 199)
CLOSE = Numbers(3, 57)
CLOSE_RANGE = Numbers(436, 436)

# Answered as if they were done, where a program has the worker's own user: leaving the group by
# which it is killed, and changing files, which the worker's user might do to any of its own.
PRETENDED: Mapping[str, Numbers] = {
    "chmod": Numbers(90, None),
    "fchmod": Numbers(91, 52),
    "fchmodat": Numbers(268, 53),
    "fchmodat2": Numbers(452, 452),
    "futimesat": Numbers(261, None),
    "setpgid": Numbers(109, 154),
    "setsid": Numbers(112, 157),
    "utime": Numbers(132, None),
    "utimensat": Numbers(280, 88),
    "utimes": Numbers(235, None),
}

# The same by other ways, refused: programs can do without.
OWNER_ONLY: Mapping[str, Numbers] = {
    "chown": Numbers(92, None),
    "fchown": Numbers(93, 55),
    "fchownat": Numbers(260, 54),
    "fremovexattr": Numbers(199, 16),
    "fsetxattr": Numbers(190, 7),
    "lchown": Numbers(94, None),
    "lremovexattr": Numbers(198, 15),
    "lsetxattr": Numbers(189, 6),
    "removexattr": Numbers(197, 14),
    "removexattrat": Numbers(466, 466),
    "setxattr": Numbers(188, 5),
    "setxattrat": Numbers(463, 463),
    "truncate": Numbers(76, 45),
}
