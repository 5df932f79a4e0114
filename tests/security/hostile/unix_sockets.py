# Connects to sockets of the host: an abstract one, one in a folder, the usual ones of services.
# unjailed: reaches
import socket


def ask(address):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2)
        client.connect(address)
        return client.recv(200)


attempt("abstract", ask, "\0" + secrets["abstract"])
attempt("in a folder", ask, secrets["socket"])
for path in (
    "/var/run/docker.sock",
    "/run/containerd/containerd.sock",
    "/run/dbus/system_bus_socket",
    "/run/systemd/private",
    "/var/run/postgresql/.s.PGSQL.5432",
    "/tmp/.X11-unix/X0",
):
    attempt(path, ask, path)
