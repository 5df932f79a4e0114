"""The user's own CSV, looked at before anything starts."""

from pathlib import Path


class InputError(Exception):
    """One sentence: what is wrong with the input file."""


def check_input(path: Path, *, limit_bytes: int) -> Path:
    """The file, if it can be a CSV: it exists, holds text, and is not above the upload limit."""
    if not path.exists():
        raise InputError(f"INPUT={path}: there is no such file.")
    if path.is_dir():
        raise InputError(f"INPUT={path}: this is a folder; name a CSV file.")
    if not path.is_file():
        raise InputError(f"INPUT={path}: this is not a regular file; name a CSV file.")
    size = path.stat().st_size
    if size == 0:
        raise InputError(f"INPUT={path}: the file is empty.")
    if size > limit_bytes:
        limit, actual = limit_bytes // 2**20, -(-size // 2**20)
        raise InputError(f"INPUT={path}: {actual} MB is more than the limit of {limit} MB.")
    try:
        content = path.read_bytes()
    except PermissionError as error:
        raise InputError(f"INPUT={path}: this user may not read the file.") from error
    check_text(content, path)
    return path


def check_text(content: bytes, path: Path) -> None:
    """A CSV is text: UTF-8, or an older 8-bit encoding without control characters."""
    if not content.strip():
        raise InputError(f"INPUT={path}: the file holds nothing but blanks.")
    try:
        content.decode("utf-8")
        readable = b"\0" not in content
    except UnicodeDecodeError:
        readable = not any(byte < 32 and byte not in b"\t\n\r\f" for byte in set(content))
    if not readable:
        raise InputError(
            f"INPUT={path}: this is binary data, not text; export it as CSV with UTF-8 encoding."
        )
