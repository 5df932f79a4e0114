"""SQS's protocol on 127.0.0.1: `python -m tests.sqs [PORT]` serves it until its input ends, and
prints the address when it is ready."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HOST = "127.0.0.1"
REGION = "eu-west-1"


@contextmanager
def running_sqs(*, port: int = 0) -> Iterator[str]:
    """An emulator in a process of its own, on a free port or on `port`, gone at the end with all it
    held. Yields its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.sqs", str(port)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise RuntimeError("the SQS emulator did not start: see its standard error")
            yield line.strip()
        finally:
            process.kill()


def serve(port: int) -> None:
    """Serve until standard input ends: so it dies with whoever started it."""
    import logging

    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(HOST, port, verbose=False)
    server.start()
    print(f"http://{HOST}:{server.get_host_and_port()[1]}", flush=True)
    with suppress(KeyboardInterrupt):
        sys.stdin.read()


if __name__ == "__main__":
    serve(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
