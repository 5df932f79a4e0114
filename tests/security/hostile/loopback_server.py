# Connects to the worker's own loopback, under every name it has.
# unjailed: reaches
import socket


def ask(family, host, port):
    with socket.socket(family) as client:
        client.settimeout(2)
        client.connect((host, port))
        return client.recv(200)


for host in ("127.0.0.1", "127.1", "0.0.0.0", "localhost", "127.8.8.8"):
    attempt(host, ask, socket.AF_INET, host, secrets["port"])
for host in ("::1", "::ffff:127.0.0.1", "::"):
    attempt(host, ask, socket.AF_INET6, host, secrets["port"])
    attempt(host, ask, socket.AF_INET6, host, secrets.get("port6", 1))
