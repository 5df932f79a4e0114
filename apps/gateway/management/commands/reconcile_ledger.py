"""`manage.py reconcile_ledger [SLUG]`: whether the books add up; corrects unconfirmed charges."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser

from agentplatform.core.clock import now
from agentplatform.core.command import PlatformCommand, describe
from agentplatform.core.errors import PlatformError
from agentplatform.core.money import format_usd
from apps.gateway.services.reconcile import WrongAttempt, correct_attempt, find_wrong_attempts
from apps.tenants.contracts import Charge, WrongAccount
from apps.tenants.facade import find_wrong_accounts, tenant_of_slug, unconfirmed_charges

Actual = tuple[UUID, int, int | None]
COLUMNS = ["attempt_id", "tokens", "nanos"]


class Command(PlatformCommand):
    """Exit code 1 when something does not add up or could not be corrected."""

    help = "Check accounts, reservations, calls and the ledger against each other."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", nargs="?", help="The tenant's slug; every tenant by default.")
        what = parser.add_mutually_exclusive_group()
        what.add_argument(
            "--release", metavar="ATTEMPT", help="Correct this attempt's unconfirmed charge."
        )
        what.add_argument(
            "--release-file",
            metavar="CSV",
            help=f"The same for each row of a file with the columns {', '.join(COLUMNS)}.",
        )
        parser.add_argument(
            "--actual",
            metavar="TOKENS,NANOS",
            help="What it used, in tokens and nano-dollars; tokens alone if it has no price.",
        )

    def handle(self, **options: Any) -> None:
        if (options["release"] is None) != (options["actual"] is None):
            raise CommandError("Give --release and --actual together.")
        if options["release"] is not None:
            self._correct([_actual([options["release"], *options["actual"].split(",")])])
        elif options["release_file"] is not None:
            self._correct(list(_rows(options["release_file"])))
        else:
            self._report(options["tenant"])

    def _correct(self, wanted: list[Actual]) -> None:
        refused = 0
        for attempt_id, tokens, nanos in wanted:
            try:
                is_new = correct_attempt(
                    attempt_id=attempt_id, tokens=tokens, cost_nanos=nanos, at=now()
                )
            except PlatformError as error:
                refused += 1
                self.stderr.write(describe(error))
                continue
            done = "corrected" if is_new else "was corrected before"
            self.stdout.write(f"{attempt_id} {done}: {_amounts((tokens, nanos))}")
        if refused:
            raise CommandError(f"{refused} of {len(wanted)} could not be corrected.")

    def _report(self, slug: str | None) -> None:
        tenant_id = None if slug is None else tenant_of_slug(slug)
        accounts = find_wrong_accounts(tenant_id=tenant_id)
        for account in accounts:
            self.stdout.write(_of_account(account))
        attempts = 0
        for attempt in find_wrong_attempts(tenant_id=tenant_id):
            attempts += 1
            self.stdout.write(_of_attempt(attempt))
        charges = unconfirmed_charges(tenant_id=tenant_id)
        for charge in charges:
            self.stdout.write(_of_charge(charge))
        self.stdout.write(
            f"{len(accounts)} wrong accounts, {attempts} wrong attempts, "
            f"{len(charges)} unconfirmed charges"
        )
        if accounts or attempts:
            raise CommandError("The books do not add up.")


def _of_account(one: WrongAccount) -> str:
    month = f" {one.period:%Y-%m}" if one.period else ""
    return (
        f"wrong account: {one.tenant} {one.kind} {one.owner_id} {one.unit}{month}: "
        f"posted {one.posted}, ledger {one.ledger}; reserved {one.reserved}, held {one.held}"
    )


def _of_attempt(one: WrongAttempt) -> str:
    event, charge = (_amounts(said) if said else "nothing" for said in (one.event, one.charge))
    return f"wrong attempt: {one.attempt_id}: used {event}, charged {charge}"


def _of_charge(one: Charge) -> str:
    charged = _amounts((one.tokens, one.cost_nanos))
    return f"unconfirmed: {one.attempt_id} at {one.at:%Y-%m-%dT%H:%M:%SZ}: {charged}"


def _amounts(amounts: tuple[int, int | None]) -> str:
    tokens, nanos = amounts
    cost = "unknown cost" if nanos is None else f"{format_usd(nanos)} USD"
    return f"{tokens} tokens, {cost}"


def _rows(name: str) -> Iterator[Actual]:
    try:
        lines = csv.DictReader(Path(name).read_text(encoding="utf-8-sig").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{name} cannot be read: {error}") from error
    if not set(COLUMNS) <= set(lines.fieldnames or ()):
        raise CommandError(f"The first line must name the columns {','.join(COLUMNS)}.")
    for row in lines:
        try:
            yield _actual([row[column] or "" for column in COLUMNS])
        except CommandError as error:
            raise CommandError(f"Line {lines.line_num}: {error}") from error


def _actual(fields: list[str]) -> Actual:
    try:
        attempt, tokens, *nanos = (field.strip() for field in fields)
        cost = int(nanos[0]) if nanos and nanos[0] else None
        if len(nanos) > 1:
            raise ValueError
        return UUID(attempt), int(tokens), cost
    except ValueError as error:
        raise CommandError(
            "Give the attempt's id, its tokens and its nano-dollars, the last as whole numbers."
        ) from error
