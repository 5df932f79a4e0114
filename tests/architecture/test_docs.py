"""What the documentation says is there: addresses, actions, metrics, commands, links."""

import json
import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from apps.runs.spec.document import Spec
from tests.api.tenants.endpoints import ENDPOINTS
from tests.unit.platform.test_metrics import CONTRACT

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "deploy").rglob("*.md")]
OWN_APPS = ("apps.", "agentplatform")


def page(name):
    return (ROOT / "docs" / name).read_text()


def anchors(text):
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_links_of_a_page_lead_somewhere(path):
    for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
        if link.startswith("http"):
            continue
        file, _, anchor = link.partition("#")
        target = path.parent / file if file else path
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text()), link


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_examples_of_a_page_can_be_sent(path):
    text = path.read_text()
    written = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    for example in map(json.loads, written + re.findall(r"-d '(\{.*?\})'", text, re.DOTALL)):
        spec = example.get("spec", example)
        if "steps" in spec:
            Spec.model_validate(spec)
        elif {"name", "kind"} <= spec.keys():
            Spec.model_validate({"steps": [spec]})


def test_the_page_of_the_api_names_every_address():
    routes = [re.sub(r"<uuid:\w+>", "{id}", one.route) for one in ENDPOINTS]
    addresses = {"/" + re.sub(r"<str:(\w+)>", r"{\1}", route) for route in routes}
    assert {one for one in addresses if f"{one}`" not in page("api.md")} == set()


def test_the_page_of_the_api_names_every_action_of_its_audit():
    assert {one.writes for one in ENDPOINTS if one.writes not in page("api.md")} == set()


def test_the_page_of_telemetry_names_every_metric():
    assert {name for name in CONTRACT if f"`{name}`" not in page("telemetry.md")} == set()


def test_every_command_is_told_of_and_every_command_that_is_told_of_exists():
    told = set(re.findall(r"manage\.py (\w+)", "\n".join(path.read_text() for path in PAGES)))
    commands = get_commands()
    own = {name for name, app in commands.items() if str(app).startswith(OWN_APPS)}
    assert told <= commands.keys()
    assert {name for name in own if not any(name in path.read_text() for path in PAGES)} == set()
