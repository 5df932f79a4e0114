# Looks for the worker's environment in its own and in every process that it can name.
# says: searched
# unjailed: reaches
from pathlib import Path

for name, value in os.environ.items():
    print("own", name, value)
seen = list(Path("/proc").glob("[0-9]*/environ"))
for path in [*seen, *(Path(f"/proc/{secrets[who]}/environ") for who in ("worker", "process"))]:
    try:
        found = path.read_bytes()
    except OSError as error:
        print("held:", path, error)
        continue
    print(path, found)
    if b"SECRET_OF_THE_WORKER" in found or b"PLANTED" in found or b"DATABASE_URL" in found:
        print("REACHED:", path)
print("searched")
