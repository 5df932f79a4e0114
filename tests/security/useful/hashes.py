# Makes digests, keys, signatures and random numbers, and checks a certificate store.
# says: ba7816bf 32 True
import hashlib
import hmac
import os
import secrets
import ssl
import uuid

digest = hashlib.sha256(b"abc").hexdigest()[:8]
key = hashlib.scrypt(b"word", salt=b"salt", n=1024, r=8, p=1, dklen=32)
signed = hmac.compare_digest(hmac.digest(key, b"x", "sha256"), hmac.digest(key, b"x", "sha256"))
ssl.create_default_context()
print(digest, len(key), signed and len({uuid.uuid4(), secrets.token_hex(), os.urandom(8)}) == 3)
