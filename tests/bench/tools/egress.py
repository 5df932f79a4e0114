"""What a request costs a program in a sandbox more than one outside, and a call its way out."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from tests.bench.bars import Measured, paired
from tests.bench.tools.bench import Bench, quiet_processors
from tests.integration.tools.egress.certificates import write_certificates

BAR_MS = 2.0
REQUESTS = 200

CLIENT = """\
import ssl, statistics, sys, time, urllib.request
url = {url!r}
context = ssl._create_unverified_context()
times = []
for _ in range({requests}):
    began = time.perf_counter()
    with urllib.request.urlopen(url, context=context, timeout=10) as answer:
        answer.read()
    times.append((time.perf_counter() - began) * 1000)
print(statistics.median(times))
"""
"""A new connection for each request, as urllib does; the median of all of them."""


def measure(bench: Bench, rounds: int) -> Iterator[Measured]:
    """The same program against the same host, outside directly and inside through the proxy."""
    _, certificate = write_certificates(bench.folder, ("host.test",))
    for scheme, pem in (("http", None), ("https", str(certificate))):
        with _host(pem) as port:
            inside = _client(f"{scheme}://host.test:{port}/")
            outside = _client(f"{scheme}://127.0.0.1:{port}/")
            found = paired(
                {
                    "proxied": lambda: float(_run_jailed(inside, port)),  # noqa: B023
                    "direct": lambda: float(_run_bare(outside)),  # noqa: B023
                },
                rounds=max(3, rounds // 6),
            )
        proxied, direct = median(found["proxied"]), median(found["direct"])
        yield Measured(
            name=f"{scheme} request through the proxy, added",
            measured=proxied - direct,
            unit="ms",
            bar=BAR_MS,
            note=f"{proxied:.2f} ms against {direct:.2f} ms; {quiet_processors()}",
        )
    with _empty_network() as init:
        times = [_open_and_close(init) for _ in range(rounds + 1)][1:]
    yield Measured(
        name="a call's way out, opened and closed",
        measured=median(times),
        unit="ms",
        note=quiet_processors(),
    )


@contextmanager
def _host(certificate: str | None) -> Iterator[int]:
    """The port of a host in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.tools.host", *filter(None, [certificate])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.communicate()


def _client(url: str) -> str:
    return CLIENT.format(url=url, requests=REQUESTS)


def _run_bare(program: str) -> str:
    from apps.tools.runners.bubblewrap.equipment import find_equipment

    python = find_equipment(bubblewrap_path="", sandbox_python="").python.path
    ran = subprocess.run((python, "-c", program), env={}, check=True, capture_output=True)
    return ran.stdout.decode()


def _run_jailed(program: str, port: int) -> str:
    """What a program prints that may reach the host on `port`."""
    from apps.tools.egress.network import Network
    from apps.tools.egress.rules import make_rule
    from apps.tools.egress.session import Egress, EgressLimits
    from apps.tools.runners.bubblewrap.sandbox import BubblewrapSandbox
    from apps.tools.runners.limits import Limits
    from apps.tools.runners.sandbox import Job

    egress = Egress(
        rules=(make_rule(host="host.test", port=port),),
        network=Network(resolver=lambda *_: ["127.0.0.1"], is_allowed=lambda _: True),
        limits=EgressLimits(requests_per_minute=1_000_000),
    )
    job = Job(
        language="python",
        program=program,
        limits=Limits(wall_seconds=60),
        egress=egress,
    )
    outcome = BubblewrapSandbox().run(job, stop=threading.Event())
    assert outcome.status == "ok", outcome.stderr
    return outcome.stdout.decode()


@contextmanager
def _empty_network() -> Iterator[int]:
    """The first process of a network in which nothing is."""
    from apps.tools.runners.bubblewrap.equipment import find_equipment
    from apps.tools.runners.bubblewrap.process import read_init_pid

    info, told = os.pipe()
    bwrap = find_equipment(bubblewrap_path="", sandbox_python="").bwrap
    options = "--unshare-user --unshare-net --ro-bind / / --die-with-parent --info-fd"
    command = (bwrap, *options.split(), str(told), "--", "sleep", "600")
    with (
        open(info, "rb", buffering=0) as source,  # noqa: PTH123
        subprocess.Popen(command, pass_fds=(told,)) as process,
    ):
        os.close(told)
        try:
            yield read_init_pid(source)
        finally:
            process.kill()


def _open_and_close(init: int) -> float:
    from apps.tools.egress.session import Egress
    from apps.tools.egress.way_out import open_way_out

    began = time.perf_counter()
    with open_way_out(init, Egress()):
        pass
    return (time.perf_counter() - began) * 1000
