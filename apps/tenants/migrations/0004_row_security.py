from pathlib import Path

from django.db import migrations

from agentplatform.core.postgresql.row_security import append_only, be_referred, protect, refer

HERE = Path(__file__).parent
BOOK = (HERE / "0004_book.sql").read_text(encoding="utf-8")
BOOK_BEFORE = (HERE / "0002_book.sql").read_text(encoding="utf-8")
FUNCTIONS = (HERE / "0004_functions.sql").read_text(encoding="utf-8")
NO_FUNCTIONS = """
alter default privileges in schema public
  revoke select, insert, update, delete on tables from agentplatform_admin;
revoke select on django_migrations from agentplatform_app;
revoke select, insert, update, delete on all tables in schema public from agentplatform_admin;
drop function refuse_change, authenticate_api_key, tenant_of_subject;
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0003_identity")]

    operations = [
        migrations.RunSQL(BOOK, f"drop function book; {BOOK_BEFORE}"),
        migrations.RunSQL(FUNCTIONS, NO_FUNCTIONS),
        protect(
            "tenants",
            column="id",
            may="select, update (name, retention_days, allows_provisioning)",
        ),
        protect("users", may="select, insert, update"),
        protect("api_keys", may="select, insert, update"),
        protect("secrets"),
        # Only the function `book` moves an account, holds an amount or writes the ledger.
        protect("accounts", may="select, insert"),
        protect("reservations", may="select"),
        protect("ledger_entries", may="select"),
        protect("audit_entries", may="select, insert"),
        append_only("ledger_entries"),
        append_only("audit_entries"),
        be_referred("users"),
        refer("api_keys", "user_id", "users"),
    ]
