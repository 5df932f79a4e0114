"""Real Chromium in a real jail."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from agentplatform.core.wait import wait_for
from apps.tools.runners.browser.chromium import BrowserUnavailable, find_chromium
from apps.tools.runners.work import ToolFailure
from tests.integration.tools.processes import descendants_of, is_alive, is_driver, is_renderer
from tests.integration.tools.sandboxes import as_ordinary, ordinary_python

PAGE = """<!doctype html><title>Report</title><h1>loading</h1><script>
document.querySelector("h1").textContent = `${window.data.rows} rows of ${window.data.name}`;
</script>"""


def test_a_page_with_data_becomes_text_png_and_pdf(browse):
    ran = browse(
        html=PAGE,
        data={"rows": 3, "name": "Zürich </script>"},
        viewport={"width": 640, "height": 480},
        actions=[
            {"action": "wait_for", "selector": "h1"},
            {"action": "extract", "selector": "h1"},
            {"action": "screenshot", "name": "page.png"},
            {"action": "pdf", "name": "page.pdf"},
        ],
    )
    assert ran.status == "ok", ran.detail
    assert ran.value == {
        "title": "Report",
        "url": "about:blank",
        "visited": [],
        "extracted": [
            {"action": "extract", "selector": "h1", "texts": ["3 rows of Zürich </script>"]}
        ],
        "failed_requests": [],
    }
    png, pdf = ran.files
    assert (png.name, pdf.name) == ("page.png", "page.pdf")
    assert png.content.read(4) == b"\x89PNG"
    png.content.seek(16)
    assert int.from_bytes(png.content.read(4), "big") == 640
    assert pdf.content.read(5) == b"%PDF-"


def test_without_actions_there_is_a_screenshot_of_the_whole_page(browse):
    ran = browse(html="<div style='height:3000px'>tall</div>")
    (png,) = ran.files
    png.content.seek(20)
    assert int.from_bytes(png.content.read(4), "big") >= 3000


def test_forms_can_be_filled_and_clicked(browse):
    ran = browse(
        html="<input id=a><button onclick='document.title=a.value'>go</button>",
        actions=[
            {"action": "fill", "selector": "#a", "text": "typed"},
            {"action": "click", "selector": "button"},
        ],
    )
    assert ran.value["title"] == "typed"


def test_a_page_reaches_no_network_and_no_file(browse):
    ran = browse(
        html="""<p></p><script>
        Promise.allSettled([
          fetch("http://127.0.0.1:55432"), fetch("http://169.254.169.254/"),
          fetch("https://example.org"), fetch("file:///etc/passwd"),
        ]).then(all => document.querySelector("p").textContent =
          all.map(one => one.status).join(" "))
        </script>""",
        actions=[
            {"action": "wait_for", "selector": "p:has-text('rejected')"},
            {"action": "extract", "selector": "p"},
        ],
    )
    assert ran.status == "ok", ran.detail
    assert ran.value["extracted"][0]["texts"] == ["rejected rejected rejected rejected"]


@pytest.mark.parametrize("url", ["https://example.org", "file:///etc/passwd", "http://127.0.0.1"])
def test_an_address_is_refused_with_a_way_out(browse, url):
    with pytest.raises(ToolFailure, match="give the page as html"):
        browse(url=url)


def test_a_call_without_anything_to_show_is_told_what_to_give(browse):
    with pytest.raises(ToolFailure, match="give html, a url"):
        browse(viewport={"width": 100, "height": 100})
    with pytest.raises(ToolFailure, match=r"actions\[0\] \(click\): there is no page yet"):
        browse(actions=[{"action": "click", "selector": "a"}])


def test_a_script_that_never_ends_times_out(browse):
    ran = browse(html="<script>while (true);</script>", timeout_seconds=4)
    assert ran.status == "timeout"
    assert ran.detail == "The page was not done in time. It was at arguments.html."


def test_a_failed_action_is_named_and_seen(browse):
    ran = browse(
        html="<title>here</title><p>x",
        actions=[
            {"action": "screenshot", "name": "kept.png"},
            {"action": "extract", "selector": "::::"},
        ],
    )
    assert ran.status == "error"
    assert ran.detail.startswith("arguments.actions[1] (extract): ")
    assert (ran.value["title"], ran.value["url"]) == ("here", "about:blank")
    assert [file.name for file in ran.files] == ["kept.png", "failure.png"]
    assert ran.files[1].content.read(4) == b"\x89PNG"


def test_a_page_that_eats_memory_is_stopped(browse):
    hog = """<script>const kept = []; setInterval(() => {
      for (let i = 0; i < 10; i++) kept.push(new Uint8Array(50 << 20).fill(1)) }, 10)</script>"""
    ran = browse(html=hog, actions=[{"action": "wait_for", "selector": "#never"}])
    assert ran.status in {"memory_exceeded", "error"}
    assert ran.peak_memory_bytes < 3 << 30


@pytest.mark.thorough
def test_a_stopped_call_takes_its_browser_along(browse):
    before = descendants_of(os.getpid())
    stop = threading.Event()
    threading.Timer(1.5, stop.set).start()
    ran = browse(html="<script>while (true);</script>", stop=stop)
    assert ran.status == "killed"
    left = set(descendants_of(os.getpid())) - set(before)
    assert [pid for pid in left if is_alive(pid) and not is_driver(pid)] == []


@pytest.mark.thorough
def test_a_driver_that_does_not_notice_ends_too(browse):
    browse(html="<p>")  # so that there is a driver
    stop = threading.Event()
    deafened = []

    def deafen():
        wait_for(lambda: any(map(is_renderer, started())), timeout_seconds=30, what="a page")
        deafened.extend(pid for pid in started() if is_driver(pid))
        for pid in deafened:
            os.kill(int(pid), signal.SIGSTOP)
        stop.set()

    def started():
        return descendants_of(os.getpid())

    deafening = threading.Thread(target=deafen)
    deafening.start()
    ran = browse(html="<script>while (true);</script>", stop=stop)
    deafening.join()
    assert ran.status == "killed"
    assert deafened
    assert [pid for pid in deafened if is_alive(pid)] == []
    assert [pid for pid in started() if is_renderer(pid)] == []


@pytest.mark.thorough
def test_no_browser_survives_a_worker_that_is_killed(tmp_path):
    (tmp_path / "worker.py").write_text(
        "import django; django.setup()\n"
        "from apps.tools.runners.browser.show import run_browser\n"
        "from tests.integration.tools.works import make_work\n"
        "page = '<script>while (true);</script>'\n"
        "run_browser(make_work({'html': page}, timeout_seconds=60))\n"
    )
    root = Path(__file__).parents[3]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), *sys.path])}
    worker = subprocess.Popen([sys.executable, str(tmp_path / "worker.py")], env=environment)
    try:
        wait_for(
            lambda: any(is_renderer(pid) for pid in descendants_of(worker.pid)),
            timeout_seconds=30,
            what="a page",
        )
        started = descendants_of(worker.pid)
    finally:
        worker.kill()
        worker.wait()
    wait_for(lambda: not any(map(is_alive, started)), timeout_seconds=10, what="their end")


ORDINARY = """
import json, sys
from types import SimpleNamespace
from django.conf import settings
settings.configure(PLATFORM=SimpleNamespace(
    bubblewrap_path="", sandbox_python="", sandbox_cgroup="", sandbox_required_guarantees="",
    chromium_path="", browser_warm_seconds=30,
))
from apps.tools.runners.browser.show import run_browser
from tests.integration.tools.works import make_work
ran = run_browser(make_work(json.load(sys.stdin), timeout_seconds=30))
print(json.dumps([ran.status, ran.detail, [[file.name, file.size_bytes] for file in ran.files]]))
"""


@pytest.mark.thorough
def test_a_worker_that_is_not_root_has_the_same_browser_and_ends_it():
    arguments = {
        "html": "<a download='rows.csv' href='data:text/csv,a,b'>get</a>",
        "actions": [{"action": "download", "selector": "a"}, {"action": "pdf", "name": "a.pdf"}],
    }
    # Whoever is no root is an ordinary user already.
    other = as_ordinary() if os.geteuid() == 0 else {}
    worker = subprocess.run(
        [ordinary_python() or sys.executable, "-c", ORDINARY],
        input=json.dumps(arguments),
        capture_output=True,
        text=True,
        check=False,
        **other,
    )
    assert (worker.returncode, worker.stderr) == (0, "")
    status, detail, files = json.loads(worker.stdout)
    assert status == "ok", detail
    assert files[0] == ["rows.csv", 3]
    assert files[1][0] == "a.pdf"


def test_the_console_is_the_output(browse):
    ran = browse(html="<script>console.log('hello'); missing()</script>")
    assert "log: hello" in ran.stdout
    assert "missing is not defined" in ran.stderr


@pytest.mark.thorough
def test_it_works_off_the_main_thread(browse):
    found = []
    thread = threading.Thread(target=lambda: found.append(browse(html="<title>t</title>")))
    thread.start()
    thread.join()
    assert found[0].value["title"] == "t"


def test_a_missing_chromium_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    monkeypatch.setattr("apps.tools.runners.browser.chromium._PROGRAMS", ())
    with pytest.raises(BrowserUnavailable, match="install the package chromium"):
        find_chromium("")


def test_a_wrong_setting_is_named():
    with pytest.raises(BrowserUnavailable, match="CHROMIUM_PATH names /no/such"):
        find_chromium("/no/such")


def test_unpacked_packages_bring_their_libraries_and_fonts(tmp_path):
    program = tmp_path / "root/usr/lib/chromium/chromium"
    libraries = tmp_path / "root/usr/lib/x86_64-linux-gnu"
    for folder in (program.parent, libraries):
        folder.mkdir(parents=True)
    program.write_bytes(b"\x7fELF")
    program.chmod(0o755)
    chromium = find_chromium(str(program))
    assert chromium.readable == (str(tmp_path / "root"),)
    assert str(libraries) in chromium.environment["LD_LIBRARY_PATH"].split(":")
    assert chromium.font_folders[0] == str(tmp_path / "root/usr/share/fonts")
