"""The sample task through the whole embedded stack: real processes, sandbox and browser."""

from pathlib import Path

import pytest

from tests.e2e.runs.demo import demo, ended
from tests.provider import Provider

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420)]


def test_the_sample_completes_with_the_local_model(data: Path) -> None:
    with demo(data) as process:
        printed = ended(process, data)
    assert "COMPLETED" in printed
    assert "model local smollm2-135m-instruct" in printed
    files = {path.name: path.read_bytes() for path in (data / "output").rglob("report.*")}
    assert files["report.png"].startswith(b"\x89PNG")
    assert files["report.pdf"].startswith(b"%PDF")
    explored = [line for line in printed.splitlines() if "explore" in line]
    assert sum("tool code" in line for line in explored) >= 2
    assert sum(" model " in line for line in explored) >= 2


@pytest.mark.thorough
def test_the_sample_uses_the_provider_whose_key_is_set(data: Path, provider: Provider) -> None:
    keys = {"OPENAI_API_KEY": "test", "OPENAI_BASE_URL": provider.openai_base_url}
    with demo(data, **keys) as process:
        printed = ended(process, data)
    assert "model openai" in printed
    billed = sum(bill["prompt_tokens"] + bill["completion_tokens"] for bill in provider.billed())
    assert f"{billed:,} tokens" in printed
