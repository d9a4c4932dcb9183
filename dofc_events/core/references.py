"""References that people read aloud, and links that act for a person."""

import hashlib
import hmac
import secrets

from itsdangerous import BadSignature, Signer

# Crockford's base 32 without the letters that are taken for digits, and without U (accidental words).
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_reference() -> str:
    """A reference for one registration, e.g. `7KX9-Q2MB`: easy to dictate, and no help in guessing another."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def new_secret() -> str:
    """A random secret of 192 bits, in characters that are safe in an address or a hidden field."""
    return secrets.token_urlsafe(24)


def hash_secret(secret: str) -> str:
    """What is stored in place of a single-use secret: useless to somebody who reads the database."""
    return hashlib.sha256(secret.encode()).hexdigest()


def sign(keys: list[str], purpose: str, subject: str, version: int) -> str:
    """A token for `subject`, signed with the last of `keys` (HMAC-SHA-256).

    The same subject and version give the same token, so that a link can be emailed again. A higher version ends the old
    link.
    """
    return _signer(keys, purpose).sign(f"{subject}.{version}").decode()


def read_token(keys: list[str], purpose: str, token: str) -> tuple[str, int] | None:
    """The subject and version in a token, or None unless one of `keys` signed it for this purpose."""
    try:
        subject, _, version = _signer(keys, purpose).unsign(token).decode().rpartition(".")
        return subject, int(version)
    except (BadSignature, ValueError):
        return None


def pseudonym(key: str, purpose: str, subject: str) -> str:
    """A name for `subject` in published data: always the same, and untraceable without `key`."""
    return hmac.new(key.encode(), f"dofc.{purpose}.{subject}".encode(), hashlib.sha256).hexdigest()[:16]


def locked(keys: list[str], purpose: str, secret: str) -> str:
    """A secret of 64 hexadecimal digits, encrypted with the last of `keys` for storage."""
    nonce = secrets.token_hex(16)
    shut = bytes(a ^ b for a, b in zip(bytes.fromhex(secret), _pad(keys[-1], purpose, nonce), strict=True))
    return f"{nonce}.{shut.hex()}.{_mark(secret, purpose)}"


def unlocked(keys: list[str], purpose: str, stored: str) -> str | None:
    """The secret that was locked with one of `keys`; None if it was locked with another key."""
    nonce, shut, mark = stored.split(".")
    for key in reversed(keys):
        pad = _pad(key, purpose, nonce)
        secret = bytes(a ^ b for a, b in zip(bytes.fromhex(shut), pad, strict=True)).hex()
        if hmac.compare_digest(_mark(secret, purpose), mark):
            return secret
    return None


def _pad(key: str, purpose: str, nonce: str) -> bytes:
    """32 pseudo-random bytes from the key. Each nonce is used once."""
    return hmac.new(key.encode(), f"dofc.lock.{purpose}.{nonce}".encode(), hashlib.sha256).digest()


def _mark(secret: str, purpose: str) -> str:
    return hmac.new(secret.encode(), f"dofc.locked.{purpose}".encode(), hashlib.sha256).hexdigest()[:32]


def _signer(keys: list[str], purpose: str) -> Signer:
    return Signer(keys, salt=f"dofc.{purpose}", key_derivation="hmac", digest_method=hashlib.sha256)
