"""`manage.py dead_letters list|show|replay|discard`: what could not be worked on."""

import json
from argparse import ArgumentTypeError
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser

from agentplatform.core.clock import now
from agentplatform.core.command import PlatformCommand
from agentplatform.dead_letters.models import OPEN, DeadLetter
from apps.runs.services.discard_letter import discard_letter
from apps.runs.services.replay_letter import replay_letter

SHOWN = ("id", "status", "kind", "tenant_id", "task", "reason", "detail", "run_id", "step_id",
         "call_id", "message_id", "created_at", "replayed_at", "discarded_at", "resolved_by",
         "payload")  # fmt: skip


class Command(PlatformCommand):
    help = "Look at dead letters, send messages again, or close them."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        listing = actions.add_parser("list", help="The newest, one a line.")
        listing.add_argument("--all", action="store_true", help="Replayed and discarded ones too.")
        listing.add_argument("--kind", choices=DeadLetter.Kind.values)
        listing.add_argument("--limit", type=_count, default=50)
        for name, about in (
            ("show", "Everything that is known of one."),
            ("replay", "Send its message again."),
            ("discard", "Close them; they are kept."),
        ):
            action = actions.add_parser(name, help=about)
            one = name == "show"
            action.add_argument("ids", nargs=1 if one else "+", type=UUID, metavar="ID")
            if name == "replay":
                action.add_argument(
                    "--set",
                    action="append",
                    default=[],
                    metavar="NAME=VALUE",
                    help="Change or add a keyword; VALUE is JSON or a text.",
                )

    def handle(self, *_: Any, action: str, **options: Any) -> None:
        getattr(self, f"_{action}")(**options)

    def _list(self, *, all: bool, kind: str | None, limit: int, **_: Any) -> None:
        letters = DeadLetter.objects.all() if all else DeadLetter.objects.filter(OPEN)
        if kind:
            letters = letters.filter(kind=kind)
        for one in letters[:limit]:
            cells = (one.id, f"{one.created_at:%Y-%m-%d %H:%M:%S}", one.status, one.kind,
                     one.reason, one.task or "-", one.run_id or "-")  # fmt: skip
            self.stdout.write("  ".join(map(str, cells)))

    def _show(self, *, ids: list[UUID], **_: Any) -> None:
        letter = DeadLetter.objects.filter(id=ids[0]).first()
        if letter is None:
            raise CommandError(f"There is no dead letter {ids[0]}.")
        told = {name: getattr(letter, name) for name in SHOWN}
        self.stdout.write(json.dumps(told, indent=2, default=str, ensure_ascii=False))

    def _replay(self, *, ids: list[UUID], set: list[str], **_: Any) -> None:
        changes = dict(map(_pair, set))
        for letter_id in ids:
            replay_letter(letter_id=letter_id, changes=changes, at=now())
            self.stdout.write(f"{letter_id} was sent again.")

    def _discard(self, *, ids: list[UUID], **_: Any) -> None:
        for letter_id in ids:
            discard_letter(letter_id=letter_id, at=now())
            self.stdout.write(f"{letter_id} is discarded.")


def _count(text: str) -> int:
    if not text.isdecimal():
        raise ArgumentTypeError(f"{text!r} is no number of letters; write 50.")
    return int(text)


def _pair(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise CommandError(f"--set {text}: write NAME=VALUE.")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
