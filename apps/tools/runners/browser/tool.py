"""The tool `browser`. Playwright is imported by its first call: every process knows the tool, few
ever use it."""

from apps.tools.contracts import ToolDescription
from apps.tools.runners.browser.schema import ACTIONS_SCHEMA, FILES_SCHEMA
from apps.tools.runners.work import Ran, Tool, Work

DESCRIPTION = ToolDescription(
    name="browser",
    description=(
        "Show a page in Chromium, from `html` or a `url` on an allowed host, and act on it in "
        "order: goto, click, fill, select, press, wait_for; extract (texts), table (rows), links, "
        "attributes; screenshot, pdf, download; upload (of artifacts). What is read stands in the "
        "result's `extracted`, in order. `data` is given to an html page as window.data. Or run a "
        "whole Playwright `script` in Python: artifacts of `files` lie in /box/inputs, files "
        "written to /box/artifacts are kept, and the last line that it prints is the result."
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
            "script": {
                "type": "string",
                "description": "A whole Playwright script in Python, in place of html, url and "
                "actions; `page`, `context` and `data` are there, or it starts Playwright itself.",
                "minLength": 1,
                "maxLength": 200_000,
            },
            "files": FILES_SCHEMA,
        },
        "additionalProperties": False,
    },
)


def _run(work: Work) -> Ran:
    if "script" in work.arguments:
        from apps.tools.runners.browser.script import run_script

        return run_script(work)
    from apps.tools.runners.browser.show import run_browser

    return run_browser(work)


BROWSER = Tool(description=DESCRIPTION, run=_run)
