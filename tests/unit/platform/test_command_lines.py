"""A word that a command cannot take is told with the usage, and no traceback."""

import pytest
from django.core.management import load_command_class


@pytest.mark.parametrize(
    ("app", "words", "said"),
    [
        ("apps.gateway", "prices list --at soon", "'soon' is no day; write 2026-11-26."),
        ("apps.runs", "dead_letters list --limit -1", "'-1' is no number of letters; write 50."),
    ],
)
def test_a_wrong_word_is_explained(
    capsys: pytest.CaptureFixture[str], app: str, words: str, said: str
) -> None:
    name, *rest = words.split()
    command = load_command_class(app, name)
    command._called_from_command_line = True
    parser = command.create_parser("manage.py", name)
    with pytest.raises(SystemExit):
        parser.parse_args(rest)
    told = capsys.readouterr().err
    assert said in told
    assert "usage" in told
