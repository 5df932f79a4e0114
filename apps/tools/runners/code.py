"""The tool `code`: a program of the caller's, in the sandbox."""

import json
from contextlib import ExitStack, suppress
from dataclasses import replace
from io import SEEK_END
from signal import Signals
from typing import Any, BinaryIO
from uuid import UUID

from agentplatform.core.errors import NotFound
from apps.tools.contracts import ToolDescription
from apps.tools.runners.backends import choose_sandbox
from apps.tools.runners.confine.files import as_file
from apps.tools.runners.sandbox import Job, Outcome
from apps.tools.runners.work import ProducedFile, Ran, Tool, ToolFailure, Work

_TAIL_CHARACTERS = 600
_NAME_BYTES = 255
_REASONS = {
    "timeout": "The program did not end in time.",
    "memory_exceeded": "The program needed more memory than it may have.",
    "disk_exceeded": "The program wrote more, or more files, than it may.",
    "output_exceeded": "The program printed more than it may; the output is cut.",
    "killed": "The program was killed.",
}

_WITHOUT_NETWORK = (
    *("Temporary failure in name resolution", "Name or service not known"),
    *("Network is unreachable", "EAI_AGAIN", "ENETUNREACH"),
)
"""What programs say that ask for a host all the same."""

DESCRIPTION = ToolDescription(
    name="code",
    description=(
        "Run a Python or Node program in a sandbox. With `network` it reaches the allowed hosts, "
        "by HTTP and HTTPS; without it none. Python has numpy, pandas and matplotlib. `input` "
        "arrives as JSON on standard input, `files` lie in /box/inputs. Print the result as JSON "
        "in the last line. Files written to /box/artifacts are kept; others in /box are gone, "
        "unless a `session` is named, whose next call finds them."
    ),
    parameters={
        "type": "object",
        "properties": {
            "language": {"type": "string", "enum": ["python", "node"]},
            "program": {"type": "string", "minLength": 1, "maxLength": 200_000},
            "input": {"description": "Any JSON; the program reads it from standard input."},
            "files": {
                "type": "object",
                "description": "File name -> artifact id.",
                "maxProperties": 50,
                "additionalProperties": {
                    "anyOf": [
                        {"type": "string"},
                        {
                            "type": "object",
                            "properties": {"artifact_id": {"type": "string"}},
                            "required": ["artifact_id"],
                        },
                    ]
                },
            },
            "session": {
                "type": "string",
                "pattern": "^[A-Za-z0-9_-]{1,64}$",
                "description": "Calls of this step with the same session go on in one /box.",
            },
            "network": {"type": "boolean", "description": "Whether it needs a way out."},
            "timeout_seconds": {"type": "number", "exclusiveMinimum": 0, "maximum": 600},
        },
        "required": ["program"],
        "additionalProperties": False,
    },
)


def run_code(work: Work) -> Ran:
    """Run the program. `value` is the last line of its standard output when that is JSON."""
    sandbox = choose_sandbox()
    most = work.limits.wall_seconds
    seconds = min(most, work.arguments.get("timeout_seconds", most))
    with ExitStack() as held:
        session = work.arguments.get("session")
        job = Job(
            language=work.arguments.get("language", "python"),
            program=work.arguments["program"],
            stdin=json.dumps(work.arguments.get("input")).encode(),
            inputs=open_files(work, held),
            limits=replace(work.limits, wall_seconds=seconds),
            egress=work.egress if work.arguments.get("network") else None,
            workspace=_enter_workspace(work, session, held) if session else None,
            keeps_workspace=bool(session),
            call=str(work.caller.call_id),
        )
        outcome = sandbox.run(job, stop=work.stop)
    return ran_of(outcome, sandbox.name, session, has_network=job.egress is not None)


CODE = Tool(
    description=DESCRIPTION,
    run=run_code,
    goes_out=lambda arguments: bool(arguments.get("network")),
)


def open_files(work: Work, held: ExitStack) -> dict[str, BinaryIO]:
    """The artifacts of `arguments.files` by name, open while `held` is. Raises ToolFailure."""
    return {
        _check_name(name): held.enter_context(_open(work, name, wanted))
        for name, wanted in work.arguments.get("files", {}).items()
    }


def _check_name(name: str) -> str:
    is_path = name in {"", ".", ".."} or "/" in name
    if is_path or not name.isprintable() or len(name) > 200 or len(name.encode()) > _NAME_BYTES:
        raise ToolFailure(
            "invalid_arguments",
            f"arguments.files: {name[:100]!r} is no file name; use 1 to 200 printable characters "
            f"without a slash, of {_NAME_BYTES} bytes at most.",
        )
    return name


def _open(work: Work, name: str, wanted: Any) -> BinaryIO:
    given = wanted["artifact_id"] if isinstance(wanted, dict) else wanted
    try:
        return as_file(work.open_input(UUID(given)))
    except (ValueError, NotFound) as error:
        raise ToolFailure(
            "invalid_arguments", f"arguments.files.{name}: there is no artifact {given[:100]!r}."
        ) from error


def _enter_workspace(work: Work, session: str, held: ExitStack) -> BinaryIO | None:
    try:
        content = work.open_workspace(session)
    except NotFound as error:
        raise ToolFailure(
            "session_lost", f"What the session {session!r} held is no longer stored; begin another."
        ) from error
    return None if content is None else held.enter_context(as_file(content))


def ran_of(outcome: Outcome, backend: str, session: str | None, *, has_network: bool = True) -> Ran:
    """What a program left. `value` is the last line of its standard output when that is JSON."""
    stdout = outcome.stdout.decode("utf-8", "replace")
    stderr = outcome.stderr.decode("utf-8", "replace")
    return Ran(
        status=outcome.status,
        backend=backend,
        detail=_detail(outcome, stderr, has_network=has_network),
        value=_last_line_as_json(stdout),
        stdout=stdout,
        stderr=stderr + _skipped(outcome),
        exit_code=outcome.exit_code,
        files=outcome.files,
        cpu_ms=outcome.cpu_ms,
        peak_memory_bytes=outcome.peak_memory_bytes,
        workspace=_kept(outcome, session) if session else None,
        task_arn=outcome.task_arn,
    )


def _skipped(outcome: Outcome) -> str:
    if not outcome.skipped_files:
        return ""
    return (
        f"\nsandbox: {outcome.skipped_files} files were not kept: only regular files within the "
        "limits are, and no links.\n"
    )


def _kept(outcome: Outcome, session: str) -> ProducedFile | None:
    content = outcome.workspace
    if content is None:
        return None
    size = content.seek(0, SEEK_END)
    content.seek(0)
    return ProducedFile(name=session, content=content, size_bytes=size)


def _detail(outcome: Outcome, stderr: str, *, has_network: bool) -> str:
    if outcome.status == "ok":
        return ""
    reason = _REASONS.get(outcome.status, f"The program ended with {_named(outcome.exit_code)}.")
    if not has_network and any(words in stderr for words in _WITHOUT_NETWORK):
        reason += " It has no network: set `network` to true for allowed hosts."
    tail = _last_lines(stderr.strip())
    return f"{reason} Its last words: {tail}" if tail else reason


def _named(exit_code: int | None) -> str:
    """An exit code, with the name of the signal that has ended the program, if one did."""
    with suppress(ValueError):
        return f"exit code {exit_code} ({Signals((exit_code or 0) - 128).name})"
    return f"exit code {exit_code}"


def _last_lines(said: str) -> str:
    """As many whole lines as there is room for, or the end of one that is longer."""
    if len(said) <= _TAIL_CHARACTERS:
        return said
    end = said[-_TAIL_CHARACTERS:]
    return end.partition("\n")[2].strip() or end


def _last_line_as_json(stdout: str) -> Any:
    line = stdout.rstrip().rpartition("\n")[2]
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None
