"""The tool `browser`. Playwright is imported by its first call: every process knows the tool, few
ever use it."""

from apps.tools.contracts import ToolDescription
from apps.tools.runners.browser.schema import ACTIONS_SCHEMA
from apps.tools.runners.work import Ran, Tool, Work

DESCRIPTION = ToolDescription(
    name="browser",
    description=(
        "Show a page in Chromium, from `html` or a `url` on an allowed host, and act on it in "
        "order: goto, click, fill, select, press, wait_for; extract (texts), table (rows), links, "
        "attributes; screenshot, pdf, download; upload (of artifacts). What is read stands in the "
        "result's `extracted`, in order. `data` is given to an html page as window.data."
    ),
    parameters={
        "type": "object",
        "properties": {
            "html": {"type": "string", "maxLength": 5_000_000},
            "data": {"description": "Any JSON; the page's scripts find it as window.data."},
            "url": {
                "type": "string",
                "description": "http:// or https://, visited before the actions.",
                "maxLength": 4000,
            },
            "viewport": {
                "type": "object",
                "properties": {
                    "width": {"type": "integer", "minimum": 16, "maximum": 4096},
                    "height": {"type": "integer", "minimum": 16, "maximum": 4096},
                },
                "required": ["width", "height"],
                "additionalProperties": False,
            },
            "actions": ACTIONS_SCHEMA,
        },
        "additionalProperties": False,
    },
)


def _run(work: Work) -> Ran:
    from apps.tools.runners.browser.show import run_browser

    return run_browser(work)


BROWSER = Tool(description=DESCRIPTION, run=_run)
