"""A user pool that does as it is told: it publishes keys, and signs whatever is asked."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

from apps.tenants.services.cognito.fetch_keys import fetch_keys
from apps.tenants.services.cognito.jwks import KeySet
from apps.tenants.services.cognito.pool import Pool
from apps.tenants.services.cognito.verify_token import TokenVerifier

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Ours"
CLIENT = "3n4b5urk1ft4fl3mg5e62d9ado"
SUBJECT = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
OMIT = object()


@cache
def private_key(name: str) -> rsa.RSAPrivateKey:
    bits = 1024 if name == "small" else 2048
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def public_jwk(name: str, **members: Any) -> dict[str, Any]:
    key = RSAAlgorithm.to_jwk(private_key(name).public_key(), as_dict=True)
    members = {"kid": name, "alg": "RS256", "use": "sig"} | members
    return {k: v for k, v in (key | members).items() if k != "key_ops" and v is not OMIT}


def claims_of(use: str = "id", **changes: Any) -> dict[str, Any]:
    """The claims of a good token, with `changes` made; OMIT leaves one out."""
    client = {"aud": CLIENT} if use == "id" else {"client_id": CLIENT}
    claims = client | {
        "iss": ISSUER,
        "sub": SUBJECT,
        "token_use": use,
        "iat": int(AT.timestamp()),
        "exp": int((AT + timedelta(hours=1)).timestamp()),
    }
    return {name: value for name, value in (claims | changes).items() if value is not OMIT}


def sign(use: str = "id", *, key: str = "k1", kid: Any = None, **changes: Any) -> str:
    """A token signed with the key called `key`, which its header calls `kid`."""
    headers = {} if kid is OMIT else {"kid": key if kid is None else kid}
    return sign_bytes(json.dumps(claims_of(use, **changes)).encode(), key, **headers)


def sign_bytes(payload: bytes, key: str = "k1", *, algorithm: str = "RS256", **header: Any) -> str:
    return jwt.PyJWS().encode(payload, private_key(key), algorithm, headers=header)


def sign_with_public_key(algorithm: str = "HS256", key: str = "k1") -> str:
    """The classic forgery: the public key is no secret, so HMAC under it proves nothing."""
    public = private_key(key).public_key()
    secret = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    text = f"{encode({'alg': algorithm, 'kid': key})}.{encode(claims_of())}"
    return f"{text}.{encode_bytes(hmac.digest(secret, text.encode(), hashlib.sha256))}"


def encode(value: Any) -> str:
    return encode_bytes(json.dumps(value).encode())


def encode_bytes(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Hands:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class UserPool:
    """Publishes the keys named in `names`, or whatever `body` and `status` say, at `url`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.names = ["k1", "k2"]
        self.body: bytes | None = None
        self.status = 200
        self.headers: dict[str, str] = {}
        self.drips = False
        self.stopped = threading.Event()
        self.fetches = 0

    def published(self) -> bytes:
        if self.body is not None:
            return self.body
        return json.dumps({"keys": [public_jwk(name) for name in self.names]}).encode()

    def settings(self) -> dict[str, str]:
        return {
            "cognito_issuer": ISSUER,
            "cognito_jwks_url": self.url,
            "cognito_client_ids": f"another, {CLIENT}",
        }

    def verifier(self, clock: Hands) -> TokenVerifier:
        pool = Pool(
            issuer=ISSUER,
            jwks_url=self.url,
            client_ids=frozenset({CLIENT}),
            tenant_claim="custom:tenant_id",
            role_claim="custom:role",
        )
        return TokenVerifier(pool, KeySet(partial(fetch_keys, self.url), monotonic=clock))


@contextmanager
def running_pool() -> Iterator[UserPool]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            pool.fetches += 1
            self.send_response(pool.status)
            for name, value in pool.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if pool.drips:
                self.drip()
            else:
                self.wfile.write(pool.published())

        def drip(self) -> None:
            while not pool.stopped.wait(0.1):
                try:
                    self.wfile.write(b" ")
                except OSError:
                    return

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    pool = UserPool(f"http://127.0.0.1:{server.server_port}/jwks.json")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield pool
    finally:
        pool.stopped.set()
        server.shutdown()
        thread.join()
        server.server_close()
