"""What a model calls the tools of MCP servers: `<server>__<tool>`.

Providers take names of at most 64 letters, digits, `_` and `-`; no other tool has two `_` in a row.
"""

import re
from hashlib import sha256

MARK = "__"
_LONGEST = 63
_SERVER = re.compile(r"[a-z](?:-?[a-z0-9]){0,23}")
_OTHER = re.compile(r"[^a-zA-Z0-9_-]+")


def is_server_name(name: str) -> bool:
    """Whether a server can have this name."""
    return _SERVER.fullmatch(name) is not None and len(name) <= 24


def called_name(server: str, tool: str) -> str:
    """The name by which a step or a model calls the server's tool. What is no letter, digit, `_` or
    `-` becomes `_`; what is too long is cut and ends with a part of its hash."""
    called = f"{server}{MARK}{_OTHER.sub('_', tool)}"
    if len(called) <= _LONGEST:
        return called
    return f"{called[: _LONGEST - 9]}_{sha256(tool.encode()).hexdigest()[:8]}"
