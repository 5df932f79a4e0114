"""Names of artifacts: whatever a caller or a program says, made harmless."""

from agentplatform.core.json_values import clean_text

LONGEST = 255


def clean_name(name: str) -> str:
    """`name` without control characters and empty, `.` or `..` parts, at most LONGEST long.

    Folders inside a name are kept: `charts/a.png` stays as it is.
    """
    printable = "".join(letter for letter in clean_text(name) if letter.isprintable())
    parts = [
        part for part in printable.replace("\\", "/").split("/") if part not in {"", ".", ".."}
    ]
    return "/".join(parts)[-LONGEST:] or "file"
