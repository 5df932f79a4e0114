"""`.env.example` is made from the typed environment."""

from agentplatform.settings.environment import ROOT
from agentplatform.settings.example import render_example


def test_the_committed_example_is_as_the_code_says() -> None:
    assert (ROOT / ".env.example").read_text() == render_example(), "run make env-example"
