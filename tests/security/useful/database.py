# Keeps a table in SQLite, on disk and in memory, with transactions and a full-text index.
# says: 499500
# files: store.db
import sqlite3

for place in (":memory:", "artifacts/store.db"):
    with sqlite3.connect(place) as store:
        store.execute("PRAGMA journal_mode = DELETE")
        store.execute("CREATE TABLE item (number INTEGER PRIMARY KEY, name TEXT)")
        store.executemany("INSERT INTO item VALUES (?, ?)", ((n, f"name {n}") for n in range(1000)))
        store.execute("CREATE INDEX by_name ON item (name)")
    (total,) = store.execute("SELECT sum(number) FROM item").fetchone()
    store.execute("VACUUM")
    store.close()
print(total)
