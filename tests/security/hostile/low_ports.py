# Takes ports and addresses that belong to others, to stand in for a service.
import socket


def listen(host, port):
    with socket.socket() as server:
        server.bind((host, port))


for host in ("10.0.0.1", "169.254.169.254", "8.8.8.8"):
    attempt(f"{host}:8080", listen, host, 8080)
