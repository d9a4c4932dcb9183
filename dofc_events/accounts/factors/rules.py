"""What counts as a second factor, for how long, and for whom; pure decisions."""

import base64
import enum
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from ipaddress import ip_address
from unicodedata import decimal
from urllib.parse import urlsplit

import segno
from pyotp import TOTP

from dofc_events.accounts.rules import Grant, RoleName
from dofc_events.core.references import ALPHABET

# How long a factor that was given counts for what asks for a fresh one.
FRESH = timedelta(minutes=10)

# RFC 6238: a code every 30 seconds, and those of a clock that is one step off. A secret has 160 bits (RFC 4226).
STEP, DRIFT = 30, 1
SECRET_BYTES, DIGITS = 20, 6
# Wrong codes of an app, which have few digits: after these no more are looked at for a while. What cannot be guessed, a
# passkey or a recovery code, is always taken, so that nobody who has used up an account's tries locks its owner out.
TRIES = ((5, timedelta(minutes=10)), (20, timedelta(days=1)))

# A recovery code has 120 bits, of which a plain hash gives nothing away (ASVS 6.5.2).
RECOVERY_CODES, RECOVERY_LENGTH, GROUP = 10, 24, 4
MISREAD = str.maketrans("OIL", "011")

MAX_FACTORS = 10
LONGEST_NAME = 60


class FactorKind(enum.StrEnum):
    """What somebody has besides their mailbox."""

    APP = "app"
    PASSKEY = "passkey"


class Given(enum.StrEnum):
    """What became of a code."""

    RIGHT = "right"
    WRONG = "wrong"
    NOT_LOOKED_AT = "not looked at"


@dataclass(frozen=True)
class Policy:
    """Which roles need a second factor, and from which day on; before it their holders are asked to set one up."""

    chair: bool = False
    organiser: bool = False
    starts_on: date | None = None

    @property
    def starts_at(self) -> datetime | None:
        """The day begins at midnight UTC."""
        return datetime.combine(self.starts_on, time(), UTC) if self.starts_on else None

    def concerns(self, grants: Iterable[Grant]) -> bool:
        """Whether somebody with these grants needs a factor, now or from that day on."""
        roles = {RoleName.CHAIR: self.chair, RoleName.ORGANISER: self.organiser}
        return any(roles.get(grant.role, False) for grant in grants)

    def requires(self, grants: Iterable[Grant], now: datetime) -> bool:
        """Whether somebody with these grants needs a factor at `now`."""
        return self.concerns(grants) and (self.starts_at is None or self.starts_at <= now)


@dataclass(frozen=True)
class RelyingParty:
    """The name under which a site asks for passkeys (WebAuthn, section 4): browsers bind them to it."""

    id: str
    origin: str


def relying_party(base_url: str) -> RelyingParty | None:
    """The site's, by the address that its settings give and no request; None where browsers know no passkeys.

    They want a name, and TLS unless it is their own machine's.
    """
    parts = urlsplit(base_url)
    name = parts.hostname or ""
    try:
        ip_address(name)
    except ValueError:
        is_local = name == "localhost" or name.endswith(".localhost")
        return RelyingParty(name, base_url) if parts.scheme == "https" or is_local else None
    return None


def new_app_secret() -> str:
    """A secret that an app makes codes with, as people type it."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def app_address(secret: str, email: str) -> str:
    """What an app reads the secret from, if it is opened on the device that has the app."""
    return TOTP(secret).provisioning_uri(name=email, issuer_name="Days of Clusters")


def as_picture(address: str) -> str:
    """A QR code of an address, for an app on another device: itself an address, of an image that no server sends."""
    return str(segno.make_qr(address).svg_data_uri(omitsize=True, light="#fff", border=4))


def step_of(secret: str, code: str, now: datetime, last_step: int) -> int | None:
    """The time step that a code is of, if it counts at `now`: it has to be after the last one used."""
    here = int(now.timestamp()) // STEP
    steps = [step for step in range(here - DRIFT, here + DRIFT + 1) if step > last_step]
    app = TOTP(secret)
    return next((step for step in steps if hmac.compare_digest(app.generate_otp(step).encode(), code.encode())), None)


def masked(key: str, nonce: str, secret: bytes) -> bytes:
    """Mask a secret for the database, or unmask it: without the key, reading the database does not help.

    A one-time pad of HMAC-SHA-256: no other secret ever has the same nonce.
    """
    pad = hmac.digest(key.encode(), f"dofc.app.{nonce}".encode(), hashlib.sha256)
    return bytes(a ^ b for a, b in zip(secret, pad, strict=False))


def new_recovery_codes() -> list[str]:
    """Codes that each work once, in groups to be written down."""
    codes = ("".join(secrets.choice(ALPHABET) for _ in range(RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES))
    return ["-".join(code[i : i + GROUP] for i in range(0, RECOVERY_LENGTH, GROUP)) for code in codes]


def plain_code(typed: str) -> str:
    """A code without what people write between its letters, with the digits of any script, and what is read as one."""
    plain = (str(decimal(one)) if one.isdecimal() else one for one in typed.upper() if one.isalnum())
    return "".join(plain).translate(MISREAD)


def is_app_code(plain: str) -> bool:
    """Whether this looks like a code of an app, and not like a recovery code."""
    return len(plain) == DIGITS and plain.isdecimal()


def next_try(wrong: Sequence[datetime], now: datetime) -> datetime | None:
    """When a code of an app is looked at again, after wrong ones at these moments; None if the next one is."""
    waits = []
    for most, period in TRIES:
        recent = sorted((at for at in wrong if at > now - period), reverse=True)
        if len(recent) >= most:
            waits.append(recent[most - 1] + period)
    return max(waits, default=None)
