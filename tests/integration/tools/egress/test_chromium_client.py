"""Chromium behind the way out of a sandbox: a page asks for whatever a hostile page might."""

import json
import os
import re
import subprocess
from urllib.parse import quote

import pytest

from apps.tools.egress.way_out import FILES, PROXY, open_way_out
from apps.tools.runners.browser.chromium import find_chromium
from apps.tools.runners.bubblewrap.equipment import find_equipment
from apps.tools.runners.bubblewrap.process import read_init_pid
from apps.tools.runners.confine.files import sealed_file

ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--ignore-certificate-errors",
    f"--proxy-server={PROXY}",
    "--proxy-bypass-list=<-loopback>",
    "--user-data-dir=/tmp/profile",
    "--dump-dom",
)


@pytest.fixture
def show(make_egress):
    """`show(url, allow)`: the page as Chromium has it in the end."""

    def run(url, allow):
        info, told = os.pipe()
        waits, go = os.pipe()
        files = {path: sealed_file(text) for path, text in FILES.items()}
        data = [("--ro-bind-data", str(file.fileno()), path) for path, file in files.items()]
        command = [
            *(
                find_equipment(bubblewrap_path="", sandbox_python="").bwrap,
                "--unshare-user",
                "--unshare-pid",
                "--unshare-net",
            ),
            *("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"),
            *("--tmpfs", "/etc", "--ro-bind", "/etc/ssl", "/etc/ssl"),
            *("--ro-bind-try", "/etc/alternatives", "/etc/alternatives"),
            *("--ro-bind-try", "/etc/fonts", "/etc/fonts"),
            *(part for one in data for part in one),
            *("--die-with-parent", "--info-fd", str(told), "--block-fd", str(waits), "--"),
            *(find_chromium("").path, *ARGUMENTS, url),
        ]
        descriptors = [told, waits, *(file.fileno() for file in files.values())]
        with (
            open(info, "rb", buffering=0) as source,  # noqa: PTH123
            subprocess.Popen(
                command, pass_fds=descriptors, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            ) as chromium,
        ):
            os.close(told)
            try:
                with open_way_out(read_init_pid(source), make_egress(allow)):
                    os.write(go, b"x")
                    page, _ = chromium.communicate(timeout=60)
            finally:
                chromium.kill()
                for descriptor in (waits, go):
                    os.close(descriptor)
                for file in files.values():
                    file.close()
        return page.decode()

    return run


def test_a_page_reaches_what_the_rules_allow_and_nothing_else(show, internet, rows):
    other = internet.https.replace("tls.test", "other.test")
    refused = [
        "http://evil.test/",
        "https://evil.test/",
        other,
        "http://private.test/",
        "http://metadata.test/latest/meta-data",
        "http://169.254.169.254/latest/meta-data",
        "http://2852039166/",
        "http://0xa9fea9fe/",
        "http://0251.0376.0251.0376/",
        "http://[::ffff:a9fe:a9fe]/",
        "http://127.1/",
        "http://[::1]/",
        "http://localhost/",
        f"http://127.0.0.1:{internet.plain.server_port}/",
        f"http://plain.test:{internet.tls.server_port}/",
        "http://plain。test.evil.test/",
    ]
    urls = [f"{internet.http}/a", f"{internet.https}/b", *refused]
    page = show(
        f"{internet.http}/asking?{quote(json.dumps(urls))}",
        "plain.test:PLAIN, tls.test:TLS, private.test, metadata.test",
    )
    told = dict(re.findall(r"<li>(\S+) (\d+)</li>", page))
    assert len(told) == len(urls)
    assert [told[url] for url in urls[:2]] == ["200", "200"]
    assert not [url for url in refused if told[url] == "200"]
    assert {seen["path"] for seen in internet.plain.seen} - {"/favicon.ico"} == {"/a"}
    assert {seen["path"] for seen in internet.tls.seen} == {"/b"}
    hosts = {row.host for row in rows if row.refusal}
    assert {"evil.test", "other.test", "private.test", "metadata.test", "169.254.169.254"} <= hosts
    assert {(row.method, row.host) for row in rows if not row.refusal} == {
        ("GET", "plain.test"),
        ("CONNECT", "tls.test"),
    }
