"""A bad INPUT is refused in one sentence before anything starts."""

from pathlib import Path

import pytest

from agentplatform.embedded.input_file import InputError, check_input

LIMIT = 25 * 2**20


def write(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "input.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "content",
    [b"a,b\n1,2\n", "größe,é\n1,2\n".encode(), "größe,é\n1,2\n".encode("latin-1")],
    ids=["ascii", "utf-8", "latin-1"],
)
def test_text_is_taken(tmp_path: Path, content: bytes) -> None:
    path = write(tmp_path, content)
    assert check_input(path, limit_bytes=LIMIT) == path


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b" \n\n", "nothing but blanks"),
        (b"a,b\n1,\x002\n", "binary data"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "binary data"),
        (b"\xff\xfe\x01\x02", "binary data"),
    ],
)
def test_what_cannot_be_a_csv_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        check_input(write(tmp_path, content), limit_bytes=LIMIT)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        check_input(tmp_path / "missing.csv", limit_bytes=LIMIT)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="this is a folder"):
        check_input(tmp_path, limit_bytes=LIMIT)


def test_a_file_above_the_limit_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(200 * 2**20)
    with pytest.raises(InputError, match="200 MB is more than the limit of 25 MB"):
        check_input(path, limit_bytes=LIMIT)


def test_the_sentence_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        check_input(tmp_path / "missing.csv", limit_bytes=LIMIT)
    assert "\n" not in str(caught.value)
