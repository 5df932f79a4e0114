"""What of the system every program may read: programs, libraries, and how they are set up."""

from pathlib import Path

USR_FOLDERS = (
    "bin",
    "lib",
    "lib32",
    "lib64",
    "libexec",
    "sbin",
    "share",
    "local/bin",
    "local/lib",
)
ROOT_FOLDERS = ("bin", "lib", "lib32", "lib64", "sbin")
CERTIFICATES = ("ssl/certs", "ssl/cert.pem", "pki/tls/certs", "pki/ca-trust/extracted")
ETC = ("alternatives", "ld.so.cache", "localtime", "ssl/openssl.cnf", "fonts", *CERTIFICATES)


def readable_paths() -> list[str]:
    """All of it that is there, links followed."""
    named = [
        *(Path("/usr", name) for name in USR_FOLDERS),
        *(Path("/", name) for name in ROOT_FOLDERS),
        *(Path("/etc", name) for name in ETC),
    ]
    return list(dict.fromkeys(str(path.resolve()) for path in named if path.exists()))
