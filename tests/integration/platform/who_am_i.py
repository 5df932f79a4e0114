"""Asked inside a process that a test has started."""

from django.db import DatabaseError, connection


def ask() -> str:
    """The database role of a connection that is given back; or the kind of error."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("select current_user")
            return str(cursor.fetchone()[0])
    except DatabaseError as error:
        return type(error).__name__
    finally:
        connection.close()
