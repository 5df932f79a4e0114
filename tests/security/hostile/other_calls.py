# Looks for the work folder, memory, socket and processes of another call that is running.
# says: searched
import socket

for top in (".", "/tmp", "/dev/shm", "/var/tmp", "/run", "/box"):
    for folder, _, names in os.walk(top):
        for name in names:
            if "canary" in name:
                print("REACHED:", folder, name, read(os.path.join(folder, name)))
for name in ("neighbour", *(secrets[key] for key in ("abstract",) if key in secrets)):
    with socket.socket(socket.AF_UNIX) as client:
        attempt(name, client.connect, "\0" + name)
print("searched")
