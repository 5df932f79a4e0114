"""`python -m agentplatform.embedded run|demo|with-servers`: what the Makefile calls."""

import argparse
import contextlib
import math
import os
import signal
import subprocess
import sys
from pathlib import Path

from agentplatform.embedded.client import Client
from agentplatform.embedded.data_folder import DataFolder, read_json
from agentplatform.embedded.errors import StackError
from agentplatform.embedded.input_file import InputError, check_input
from agentplatform.embedded.program import die_with_parent, stop_leftovers
from agentplatform.embedded.stack import Stack
from agentplatform.embedded.supervisor import Supervisor, interrupt_on_signals
from agentplatform.embedded.timeline import Timeline
from agentplatform.embedded.with_servers import throwaway_servers
from agentplatform.settings.environment import ROOT, read_environment

RUN_SECONDS = 900.0
INTERRUPTED = 130


def main() -> int:
    options = parse_arguments()
    interrupt_on_signals()
    stop_with_make()
    try:
        if options.action == "with-servers":
            return run_with_servers(options.command, is_migrated=options.migrated)
        return run_platform(options)
    except InputError as error:
        print(f"agentplatform: {error}", file=sys.stderr)
        return 2
    except StackError as error:
        print(f"agentplatform: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m agentplatform.embedded")
    actions = parser.add_subparsers(dest="action", required=True)
    for name, purpose in (
        ("run", "Start everything, run the sample task, keep serving."),
        ("demo", "The same, then stop; succeeds only if the run is COMPLETED."),
    ):
        action = actions.add_parser(name, help=purpose)
        action.add_argument("--input", type=Path, help="A CSV file of your own.")
        action.add_argument("--question", help="What you want to know of it.")
        action.add_argument("--data", type=Path, default=ROOT / ".data", help="Its folder.")
    action = actions.add_parser("with-servers", help="Run a command beside throw-away servers.")
    action.add_argument("--migrated", action="store_true", help="Migrate first.")
    action.add_argument("command", nargs=argparse.REMAINDER)
    return parser.parse_args()


def stop_with_make() -> None:
    """Stop when make is killed, too."""
    parent = os.getppid()
    try:
        name = Path(f"/proc/{parent}/comm").read_text().strip()
    except OSError:
        return
    if name in ("make", "gmake"):
        die_with_parent(signal.SIGTERM, parent)


def run_with_servers(command: list[str], *, is_migrated: bool) -> int:
    words = command[1:] if command[:1] == ["--"] else command
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    with throwaway_servers() as servers:
        environment = os.environ | servers
        if is_migrated:
            subprocess.run(migrate, env=environment, cwd=ROOT, check=True)
        return subprocess.run(words, env=environment).returncode


def run_platform(options: argparse.Namespace) -> int:
    from agentplatform.embedded import sample

    limit = read_environment().artifact_upload_limit_bytes
    file = check_input(options.input or sample.default_input(), limit_bytes=limit)
    question = options.question or sample.DEFAULT_QUESTION
    data = DataFolder(options.data)
    with data.only_one() as announce:
        for name in stop_leftovers(data / "run"):
            say(f"Stopped {name}, left running by an earlier start.")
        supervisor = Supervisor(run_folder=data / "run", say=say)
        try:
            say("Starting ...")
            stack = Stack(data=data, supervisor=supervisor, say=say)
            announce(stack.url)
            stack.start()
            is_completed = try_sample(stack, supervisor, file=file, question=question)
            if options.action == "run":
                keep_serving(stack, supervisor)
            return 0 if is_completed else 1
        finally:
            say("Stopping ...")
            supervisor.stop()
            say("Stopped.")


def try_sample(stack: Stack, supervisor: Supervisor, *, file: Path, question: str) -> bool:
    """Run the sample; what keeps it from running is said, and the platform stays up."""
    try:
        return run_sample(stack, supervisor, file=file, question=question)
    except StackError as error:
        say(f"The sample task could not run: {error}")
        return False


def run_sample(stack: Stack, supervisor: Supervisor, *, file: Path, question: str) -> bool:
    """Run the sample task to its end in front of the user; whether it is COMPLETED."""
    from agentplatform.embedded import demo

    client = Client(url=stack.url, api_key=demo_login(stack)["api_key"])
    run_id = demo.submit(client, file=file, question=question)
    say(f"{file.name}: {question}")
    say(f"Run {run_id}")
    is_terminal = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    follower = demo.Follower(client, run_id, timeline=Timeline(is_coloured=is_terminal), say=say)
    try:
        supervisor.wait_until(
            follower.has_ended, timeout_seconds=RUN_SECONDS, every_seconds=0.4, what="the run"
        )
    except TimeoutError:
        say(f"The run has not ended after {RUN_SECONDS:.0f} s; see {stack.data / 'logs'}.")
        return False
    finished = demo.fetch_result(client, run_id, folder=stack.data / "output" / run_id)
    say("")
    for line in demo.describe_result(finished):
        say(line)
    return finished.is_completed


def keep_serving(stack: Stack, supervisor: Supervisor) -> None:
    """Print the addresses and serve until Ctrl-C."""
    say("")
    for line in describe_addresses(stack):
        say(line)
    try:
        supervisor.wait_until(lambda: False, timeout_seconds=math.inf, what="Ctrl-C")
    except KeyboardInterrupt:
        say("")


def describe_addresses(stack: Stack) -> list[str]:
    login = demo_login(stack)
    user, password = stack.flower_login
    return [
        f"API      {stack.url}/api/docs/",
        f"  key    {login['api_key']}",
        f"Admin    {stack.url}/admin/",
        f"  login  {login['email']} / {login['password']}",
        f"Flower   {stack.flower_url}/",
        f"  login  {user} / {password}",
        f"Metrics  {stack.url}/metrics",
        f"Logs     {stack.data / 'logs'}",
        "Serving. Ctrl-C stops everything.",
    ]


def demo_login(stack: Stack) -> dict[str, str]:
    return read_json(stack.data / "demo.json")


def say(line: str) -> None:
    """Print a line. A terminal or pipe that has gone away must not keep us from stopping."""
    with contextlib.suppress(OSError):
        print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
