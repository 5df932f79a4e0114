"""Whole Playwright scripts, in the code sandbox with their browser."""

import os
import threading
from uuid import uuid4

import pytest

from agentplatform.core.wait import wait_for
from apps.tools.runners.browser.tool import BROWSER
from apps.tools.runners.work import ToolFailure
from tests.integration.tools.processes import descendants_of, is_alive, is_renderer
from tests.integration.tools.works import make_work, no_input


@pytest.fixture
def script(keep):
    """`script(source, timeout_seconds=30, **arguments)`: what a script left."""

    def run(source, *, timeout_seconds=30.0, open_input=no_input, stop=None, **arguments):
        work = make_work(
            {"script": source, **arguments},
            timeout_seconds=timeout_seconds,
            open_input=open_input,
            stop=stop,
        )
        return keep(BROWSER.run(work))

    return run


def test_a_script_finds_a_page_and_its_data_and_leaves_artifacts(script, tmp_path):
    (tmp_path / "a.txt").write_text("given")
    ran = script(
        """
import json
page.set_content(f"<h1>{data['rows']} rows</h1><script>console.log('hello')</script>")
page.screenshot(path="/box/artifacts/page.png")
def title():
    return page.locator("h1").inner_text()
print(json.dumps({"title": title(), "file": open("/box/inputs/a.txt").read()}))
""",
        data={"rows": 3},
        files={"a.txt": str(uuid4())},
        open_input=lambda _: (tmp_path / "a.txt").open("rb"),
    )
    assert ran.status == "ok", ran.stderr
    assert ran.value == {"title": "3 rows", "file": "given"}
    assert [file.name for file in ran.files] == ["page.png"]
    assert ran.files[0].content.read(4) == b"\x89PNG"
    assert "log: hello" in ran.stderr


def test_a_script_may_start_playwright_itself(script):
    ran = script("""
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(headless=True)
    page = browser.new_page()
    page.set_content("<title>own</title>")
    print('"' + page.title() + '"')
""")
    assert ran.status == "ok", ran.stderr
    assert ran.value == "own"


@pytest.mark.thorough
def test_a_script_may_be_asynchronous(script):
    ran = script("""
import asyncio
from playwright.async_api import async_playwright
async def main():
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch()
        page = await browser.new_page()
        await page.set_content("<title>async</title>")
        print('"' + await page.title() + '"')
asyncio.run(main())
""")
    assert ran.status == "ok", ran.stderr
    assert ran.value == "async"


@pytest.mark.thorough
def test_a_failed_script_tells_its_line_and_shows_its_page(script):
    ran = script("page.set_content('<p>here')\npage.click('#never', timeout=300)\n")
    assert ran.status == "error"
    assert ran.exit_code == 1
    assert 'File "script.py", line 2' in ran.stderr
    assert "page.click('#never', timeout=300)" in ran.stderr
    assert "main.py" not in ran.stderr
    assert [file.name for file in ran.files] == ["failure.png"]


def test_a_script_has_no_network_without_allowed_hosts(script):
    ran = script("""
import socket
page.set_content("<img src='http://127.0.0.1:4444/a.png'>")
page.wait_for_timeout(200)
for address in [("127.0.0.1", 3128), ("1.1.1.1", 53)]:
    try:
        socket.create_connection(address, timeout=2)
        print("connected")
    except OSError as error:
        print(type(error).__name__)
""")
    assert ran.status == "ok", ran.stderr
    assert ran.stdout.split() == ["ConnectionRefusedError", "OSError"]
    assert "a.png: net::ERR_PROXY_CONNECTION_FAILED" in ran.stderr


def test_chromium_has_its_own_sandbox_inside(script):
    ran = script("""
import pathlib
commands = [path.read_bytes() for path in pathlib.Path("/proc").glob("[0-9]*/cmdline")]
print(any(b"--no-sandbox" in command for command in commands if b"chrom" in command))
""")
    assert ran.stdout == "False\n", ran.stderr


@pytest.mark.thorough
def test_a_stopped_script_takes_its_browser_along(script):
    before = set(descendants_of(os.getpid()))
    stop = threading.Event()

    def started():
        return set(descendants_of(os.getpid())) - before

    def halt():
        wait_for(lambda: any(map(is_renderer, started())), timeout_seconds=30, what="a page")
        stop.set()

    halting = threading.Thread(target=halt)
    halting.start()
    ran = script("page.set_content('<p>')\npage.wait_for_timeout(60000)", stop=stop)
    halting.join()
    assert ran.status == "killed"
    assert [pid for pid in started() if is_alive(pid)] == []


def test_a_script_does_without_the_other_arguments(script):
    with pytest.raises(ToolFailure, match=r"^arguments.html: a script does all by itself"):
        script("print(1)", html="<p>")


@pytest.mark.thorough
def test_a_script_runs_within_its_time(script):
    ran = script("page.set_content('<p>')\nwhile True: pass", timeout_seconds=3)
    assert ran.status == "timeout"


def test_a_script_is_held_as_programs_are(script):
    ran = script("""
import ctypes, json, os
def refused(number, *given):
    return ctypes.CDLL(None, use_errno=True).syscall(number, *given) == -1
inner = os.fork()
if inner == 0:  # in a namespace of its own it has capabilities, of which none leads anywhere
    libc = ctypes.CDLL(None, use_errno=True)
    libc.unshare(0x10000000 | 0x00020000)
    os._exit(0 if libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == -1 else 1)
print(json.dumps({
    "mounts nothing": os.waitpid(inner, 0)[1] == 0,
    "has no memory of nobody's": refused(319, b"x", 0),
    "traces nothing": refused(101, 0, 0, 0, 0),
    "has no keys": refused(250, 0, 0, 0, 0, 0),
    "sees no host": not any(map(os.path.exists, ("/root", "/home", "/etc/shadow", "/srv"))),
    "is told nothing": not [name for name in os.environ if "SECRET" in name or "DATABASE" in name],
    "writes nothing outside": not os.access("/usr", os.W_OK) and not os.access("/etc", os.W_OK),
    "is nobody": os.getuid() == 1000,
}))
""")
    assert ran.status == "ok", ran.stderr
    assert [promise for promise, holds in ran.value.items() if not holds] == []
