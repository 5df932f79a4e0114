# Looks for the work folder, memory, socket and processes of another call that is running.
# says: searched
import socket


def connect(address):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(address)


for top in (".", "/tmp", "/dev/shm", "/var/tmp", "/run", "/box", secrets["folder"]):
    for folder, _, names in os.walk(top):
        for name in names:
            if "canary" in name:
                print("REACHED:", folder, name, read(os.path.join(folder, name)))
for name in ("neighbour", *(secrets[key] for key in ("abstract",) if key in secrets)):
    attempt(name, connect, "\0" + name)
print("searched")
