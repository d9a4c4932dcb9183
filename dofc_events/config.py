"""Settings: read from the environment once, checked at start, then frozen."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent

# Of its characters, and of the steps from one to the next, a key has at least so many different ones.
FEWEST_DIFFERENT = 6
PLACEHOLDER = re.compile(r"change.?(me|this|it)|replace.?(me|this|it)|your.?(secret|key)|passw|qwert|12345", re.I)


class SettingsError(Exception):
    """The environment cannot be used; the message says which variable and what to do."""


@dataclass(frozen=True)
class Bucket:
    """Where files lie on a storage that speaks S3: below `prefix` of a bucket; without an `endpoint` at Amazon's."""

    name: str
    prefix: str
    endpoint: str
    region: str
    key_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Settings:
    """What a process needs to know about its surroundings. `docs/operations.md` explains each variable."""

    secret_key: str = field(repr=False)
    database_url: str = field(repr=False)
    base_url: str
    secret_key_fallbacks: tuple[str, ...] = field(default=(), repr=False)
    hsts_subdomains: bool = False
    instance: Path = ROOT / "instance"
    shared_dir: Path | None = None
    files_url: str | None = None
    files_endpoint: str = ""
    files_region: str = "us-east-1"
    files_key_id: str = ""
    files_secret: str = field(default="", repr=False)
    rate_limits: bool = True
    shared_limits: bool = False
    trusted_proxies: int = 0
    uploads_mb: int = 2000
    uploads_mb_per_client: int = 100
    uploads_mb_per_proposal: int = 30
    photographs_mb: int = 5000
    mail_server: str | None = None
    mail_port: int = 25
    mail_use_tls: bool = False
    mail_use_ssl: bool = False
    mail_username: str | None = None
    mail_password: str | None = field(default=None, repr=False)
    mail_default_sender: str = "Days of Clusters <registration@localhost>"
    mail_text_days: int = 0
    alert_url: str | None = field(default=None, repr=False)
    metrics_token: str | None = field(default=None, repr=False)
    request_log: bool = False

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ, instance: Path = ROOT / "instance") -> "Settings":
        """Read the environment. Raises SettingsError when a value is missing or makes no sense."""
        port = _whole_number(env, "PORT", 8000)
        use_ssl = _flag(env, "MAIL_USE_SSL", "false")
        use_tls = _flag(env, "MAIL_USE_TLS", "false")
        if use_ssl and use_tls:
            raise SettingsError("MAIL_USE_TLS (STARTTLS) and MAIL_USE_SSL cannot both be on: set one of them.")
        server = env.get("MAIL_SERVER") or None
        sender = env.get("MAIL_DEFAULT_SENDER") or None
        if server and not sender:
            raise SettingsError(
                "MAIL_SERVER is set but MAIL_DEFAULT_SENDER is not: every email needs a From address. Set both."
            )
        if sender and "@" not in parseaddr(sender)[1]:
            raise SettingsError(f"MAIL_DEFAULT_SENDER must contain an email address, not {sender!r}.")
        base_url = env.get("BASE_URL", f"http://127.0.0.1:{port}").rstrip("/")
        address = urlsplit(base_url)
        if address.scheme not in ("http", "https") or not address.netloc or address.path:
            raise SettingsError(
                f"BASE_URL must be a full address such as https://events.example.org, not {base_url!r}."
            )
        alert_url = env.get("ALERT_URL") or None
        if alert_url and (urlsplit(alert_url).scheme not in ("http", "https") or not urlsplit(alert_url).netloc):
            raise SettingsError("ALERT_URL must be a full address that begins with https:// or http://.")
        for name in ("MAIL_USERNAME", "MAIL_PASSWORD"):
            if not env.get(name, "").isascii():
                raise SettingsError(
                    f"{name} contains characters outside ASCII, which Python cannot use to log in to a mail server."
                )
        database_url = env.get("DATABASE_URL") or f"sqlite:///{instance / 'dofc.sqlite'}"
        shared_limits = _flag(env, "SHARED_LIMITS", "off")
        if shared_limits and not database_url.startswith("postgresql"):
            raise SettingsError("SHARED_LIMITS needs PostgreSQL: it counts for several machines in their one database.")
        return cls(
            secret_key=_secret_key(env, instance),
            database_url=database_url,
            secret_key_fallbacks=_fallbacks(env),
            hsts_subdomains=_flag(env, "HSTS_SUBDOMAINS", "off"),
            base_url=base_url,
            instance=instance,
            shared_dir=Path(env["SHARED_DIR"]) if env.get("SHARED_DIR") else None,
            **_storage(env),
            rate_limits=_flag(env, "RATE_LIMITS", "on"),
            shared_limits=shared_limits,
            trusted_proxies=_whole_number(env, "TRUSTED_PROXIES", 0),
            uploads_mb=_whole_number(env, "UPLOADS_MB", cls.uploads_mb),
            uploads_mb_per_client=_whole_number(env, "UPLOADS_MB_PER_CLIENT", cls.uploads_mb_per_client),
            uploads_mb_per_proposal=_whole_number(env, "UPLOADS_MB_PER_PROPOSAL", cls.uploads_mb_per_proposal),
            photographs_mb=_whole_number(env, "PHOTOGRAPHS_MB", cls.photographs_mb),
            mail_server=server,
            mail_port=_whole_number(env, "MAIL_PORT", 465 if use_ssl else 587 if use_tls else 25),
            mail_use_tls=use_tls,
            mail_use_ssl=use_ssl,
            mail_username=env.get("MAIL_USERNAME") or None,
            mail_password=env.get("MAIL_PASSWORD") or None,
            mail_default_sender=sender or cls.mail_default_sender,
            mail_text_days=_whole_number(env, "MAIL_TEXT_DAYS", cls.mail_text_days),
            alert_url=alert_url,
            metrics_token=_metrics_token(env),
            request_log=_flag(env, "REQUEST_LOG", "off"),
        )

    @property
    def shared(self) -> Path | Bucket:
        """Where what all machines must see lies: files that people add (see `core/files.py`)."""
        if self.files_url is None:
            return self.disk
        url = urlsplit(self.files_url)
        where = url.netloc, url.path.strip("/"), self.files_endpoint, self.files_region
        return Bucket(*where, self.files_key_id, self.files_secret)

    @property
    def disk(self) -> Path:
        """The directory that fills up."""
        return self.shared_dir or self.instance

    @property
    def keys(self) -> list[str]:
        """What links may be signed with: the oldest first, and last the one that new links are signed with."""
        return [*reversed(self.secret_key_fallbacks), self.secret_key]

    @property
    def mail_is_delivered(self) -> bool:
        """Whether an email server is configured; without one, messages are kept and can be read on the emails page."""
        return self.mail_server is not None


def _secret_key(env: Mapping[str, str], instance: Path) -> str:
    path = instance / "secret_key"
    key = env.get("SECRET_KEY") or (path.read_text().strip() if path.exists() else "")
    if len(key) < 16:
        raise SettingsError(
            f"No usable SECRET_KEY (at least 16 characters): set it in the environment, or put one into {path}"
            " (`make run` creates that file)."
        )
    _refuse_guessable("SECRET_KEY", key)
    return key


def _storage(env: Mapping[str, str]) -> dict[str, str]:
    """The settings of a storage that speaks S3; none where there is no FILES_URL."""
    address, endpoint = env.get("FILES_URL", "").strip(), env.get("FILES_ENDPOINT", "").strip().rstrip("/")
    if not address:
        return {}
    if env.get("SHARED_DIR"):
        raise SettingsError("FILES_URL and SHARED_DIR both say where files are: set one of them.")
    url, at = urlsplit(address), urlsplit(endpoint)
    if url.scheme != "s3" or not url.netloc:
        raise SettingsError(f"FILES_URL must be s3://bucket or s3://bucket/prefix, not {address!r}.")
    if endpoint and (at.scheme not in ("http", "https") or not at.netloc):
        raise SettingsError(f"FILES_ENDPOINT must be a full address such as https://s3.example.org, not {endpoint!r}.")
    if not (env.get("FILES_KEY_ID") and env.get("FILES_SECRET")):
        raise SettingsError("FILES_URL is set but FILES_KEY_ID or FILES_SECRET is not: set both.")
    region = {"files_region": env["FILES_REGION"]} if env.get("FILES_REGION") else {}
    keys = {"files_key_id": env["FILES_KEY_ID"], "files_secret": env["FILES_SECRET"]}
    return {"files_url": address, "files_endpoint": endpoint, **region, **keys}


def _fallbacks(env: Mapping[str, str]) -> tuple[str, ...]:
    keys = tuple(filter(None, (key.strip() for key in env.get("SECRET_KEY_FALLBACKS", "").split(","))))
    for key in keys:
        _refuse_guessable("SECRET_KEY_FALLBACKS", key)
    return keys


def _refuse_guessable(name: str, key: str) -> None:
    """No key that stands in some example, or that few letters or one run of the alphabet make up."""
    steps = {ord(after) - ord(before) for before, after in pairwise(key)}
    if len(key) < 16 or min(len(set(key)), len(steps)) < FEWEST_DIFFERENT or PLACEHOLDER.search(key):
        raise SettingsError(
            f"{name} can be guessed, and with it everybody's links. Make one with"
            " `python3 -c 'import secrets; print(secrets.token_urlsafe(48))'`. Links that were signed with"
            " a key that can be guessed have to be emailed again."
        )


def _metrics_token(env: Mapping[str, str]) -> str | None:
    token = env.get("METRICS_TOKEN") or None
    if token and not (len(token) >= 16 and token.isascii()):
        raise SettingsError("METRICS_TOKEN must have at least 16 characters, all of them ASCII.")
    return token


def _flag(env: Mapping[str, str], name: str, default: str) -> bool:
    value = env.get(name, "").strip().lower() or default
    if value in ("on", "true", "1", "yes"):
        return True
    if value in ("off", "false", "0", "no"):
        return False
    raise SettingsError(f"{name} must be on or off, not {value!r}.")


def _whole_number(env: Mapping[str, str], name: str, default: int) -> int:
    value = env.get(name, "").strip()
    if not value:
        return default
    if not (value.isdecimal() and len(value) < 10):
        raise SettingsError(f"{name} must be a whole number, not {value!r}.")
    return int(value)
