# Counts the processes that it can see, and looks for the worker and its children by number.
# says: searched
# unjailed: reaches
count = sum(name.isdigit() for name in os.listdir("/proc"))
if count > 4:
    print("REACHED: sees", count, "processes")
for who in ("worker", "process"):
    path = f"/proc/{secrets[who]}"
    if os.path.exists(path) and secrets[who] > 20:
        print("REACHED:", path, os.listdir(path))
print("searched", count)
