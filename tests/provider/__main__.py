"""`python -m tests.provider --port 0 --log FILE`: serve until SIGTERM, SIGINT, or, with
--until-stdin-closes, until whoever started it is gone. Prints one line of JSON when ready."""

import argparse
import asyncio
import json
import os
import signal
import sys
import threading
from pathlib import Path

import uvloop
from aiohttp import web

from tests.provider.server import make_app

HOST = "127.0.0.1"
FAREWELL_SECONDS = 0.2


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m tests.provider", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--log", type=Path, default=None, help="append what is billed to this file")
    parser.add_argument("--until-stdin-closes", action="store_true")
    given = parser.parse_args()
    if given.until_stdin_closes:
        threading.Thread(target=_stop_with_stdin, daemon=True).start()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(given.port, given.log))
    except OSError as error:
        sys.exit(f"The provider cannot start: {error}. Choose another --port or --log.")


async def _serve(port: int, log: Path | None) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    runner = web.AppRunner(make_app(log), access_log=None, shutdown_timeout=FAREWELL_SECONDS)
    await runner.setup()
    site = web.TCPSite(runner, HOST, port, backlog=1024)
    await site.start()
    taken = runner.addresses[0][1]
    print(json.dumps({"port": taken, "pid": os.getpid()}), flush=True)
    await stopped.wait()
    await runner.cleanup()


def _stop_with_stdin() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
