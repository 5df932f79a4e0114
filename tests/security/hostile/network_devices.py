# Looks for network devices, and makes, raises or routes over some.
import fcntl
import socket
import struct


def devices():
    names = [line.split(":")[0].strip() for line in open("/proc/net/dev").readlines()[2:]]
    if set(names) <= {"lo"}:
        raise LookupError("there are none")
    return names


def change(request, value):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        return fcntl.ioctl(client, request, value)


attempt("devices", devices)
attempt("raise a device", change, 0x8914, struct.pack("16sH14s", b"lo", 0x1043, b""))
address = struct.pack("16sHH4s8s", b"lo", 2, 0, socket.inet_aton("169.254.169.254"), b"")
attempt("give an address", change, 0x8916, address)
attempt("add a route", change, 0x890B, bytes(120))
attempt("tun", open, "/dev/net/tun", "r+b")
attempt("class", os.listdir, "/sys/class/net")
