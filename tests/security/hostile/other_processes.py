# Counts the processes that it can see, and looks for the worker and its children by number.
# says: searched
# unjailed: reaches
try:
    count = sum(name.isdigit() for name in os.listdir("/proc"))
except OSError as error:
    count = 0
    print("held:", error)
if count > 4:
    print("REACHED: sees", count, "processes")
for who in ("worker", "process"):
    if secrets[who] > 50:
        attempt(who, os.listdir, f"/proc/{secrets[who]}/task")
print("searched", count)
