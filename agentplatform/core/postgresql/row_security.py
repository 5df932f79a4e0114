"""Migration operations that put a table under row-level security.

A tenant's table is read and written by the application's role only where its tenant is the one of
the scope; by the admin's and the owner's role, everywhere. The security is forced, so that it
holds for the owner too. The setting is read in a sub-select: once a query, not once a row.
"""

from django.db.migrations.operations import RunSQL

from agentplatform.core.postgresql.base import SETTING
from agentplatform.core.postgresql.roles import ADMIN_ROLE, APPLICATION_ROLE, OWNER_ROLE

SCOPE = f"(select nullif(current_setting('{SETTING}', true), '')::uuid)"
OWN_ROWS = "own_rows"
EVERY_ROW = "every_row"
WRITE = "select, insert, update, delete"


def protect(table: str, *, column: str = "tenant_id", may: str = WRITE) -> RunSQL:
    """Put `table` under row-level security by the tenant in `column`.

    `may` are the privileges of the application's role on the rows of its scope.
    """
    own = f"{column} = {SCOPE}"
    return RunSQL(
        [
            f"alter table {table} enable row level security",
            f"alter table {table} force row level security",
            f"create policy {OWN_ROWS} on {table} using ({own}) with check ({own})",
            f"create policy {EVERY_ROW} on {table} to {ADMIN_ROLE}, {OWNER_ROLE}"
            " using (true) with check (true)",
            f"grant {may} on {table} to {APPLICATION_ROLE}",
        ],
        [
            f"revoke all on {table} from {APPLICATION_ROLE}",
            f"drop policy {EVERY_ROW} on {table}",
            f"drop policy {OWN_ROWS} on {table}",
            f"alter table {table} no force row level security",
            f"alter table {table} disable row level security",
        ],
    )


def refer(table: str, column: str, target: str) -> RunSQL:
    """A foreign key that names the tenant too: a row refers to rows of its own tenant only.

    Foreign keys are checked without row-level security, so one by id alone would accept, and so
    reveal, another tenant's row. Of `target`, (tenant_id, id) must be unique: see `be_referred`.
    """
    name = f"{table}_{column}_same_tenant"
    return RunSQL(
        f"alter table {table} add constraint {name} foreign key (tenant_id, {column})"
        f" references {target} (tenant_id, id) deferrable initially deferred",
        f"alter table {table} drop constraint {name}",
    )


def be_referred(table: str) -> RunSQL:
    """Let the foreign keys of `refer` lead to `table`."""
    name = f"{table}_by_tenant_and_id"
    return RunSQL(
        f"alter table {table} add constraint {name} unique (tenant_id, id)",
        f"alter table {table} drop constraint {name}",
    )


def append_only(table: str) -> RunSQL:
    """Rows of `table` are added and never changed or deleted, by whichever role."""
    return RunSQL(
        f"create trigger {table}_append_only before update or delete on {table}"
        " for each statement execute function refuse_change();"
        f" revoke update, delete, truncate on {table} from {APPLICATION_ROLE}, {ADMIN_ROLE}",
        f"drop trigger {table}_append_only on {table}",
    )


def tell_tenant(table: str) -> RunSQL:
    """Let a task find out whose row an id of `table` names, before it may see any row."""
    name = f"tenant_of_{table}"
    find = f"select tenant_id from {table} where id = row_id"  # noqa: S608  a table of ours
    return RunSQL(
        f"create function {name}(row_id uuid) returns uuid language sql stable"
        " security definer set search_path = pg_catalog, public, pg_temp"
        f" as '{find}';"
        f" revoke execute on function {name} from public;"
        f" grant execute on function {name} to {APPLICATION_ROLE}, {ADMIN_ROLE}",
        f"drop function {name}",
    )
