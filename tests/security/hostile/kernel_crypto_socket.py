# Reaches the kernel's ciphers by a socket, and Bluetooth, CAN, TIPC and others by theirs.
import socket

families = {"alg": 38, "bluetooth": 31, "can": 29, "tipc": 30, "rds": 21, "x25": 9, "ax25": 3,
            "appletalk": 5, "ipx": 4, "nfc": 39, "kcm": 41, "qipcrtr": 42, "smc": 43, "key": 15,
            "phonet": 35, "ieee802154": 36, "caif": 37, "llc": 26, "pppox": 24, "atm": 8,
            "rxrpc": 33, "iucv": 32, "isdn": 34, "mctp": 45, "econet": 19}  # fmt: skip
for name, family in families.items():
    for kind in (1, 2, 3, 5):
        attempt(f"{name} {kind}", call, 41, 198, family, kind, 0)
