"""Settings: every variable is read, and what makes no sense is refused with the variable's name."""

import os
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from dofc_events.config import Settings, SettingsError
from tests.support.forked import Fork
from tests.support.site import FLASK

KEY = "a secret that is good enough for tests"


@pytest.fixture
def read(tmp_path: Path):
    """`read(PORT="9000")`: the settings that an environment leads to; it has a key unless `SECRET_KEY` is given."""
    return lambda **env: Settings.from_env({"SECRET_KEY": KEY} | env, tmp_path)


def test_from_env_has_defaults_that_work_on_a_developers_machine(read, tmp_path):
    assert read() == Settings(
        secret_key=KEY,
        database_url=f"sqlite:///{tmp_path / 'dofc.sqlite'}",
        base_url="http://127.0.0.1:8000",
        instance=tmp_path,
        rate_limits=True,
        trusted_proxies=0,
        mail_server=None,
        mail_port=25,
        mail_use_tls=False,
        mail_use_ssl=False,
        mail_username=None,
        mail_password=None,
        mail_default_sender="Days of Clusters <registration@localhost>",
    )
    assert not read().mail_is_delivered


def test_from_env_reads_every_variable(read, tmp_path):
    env = {
        "SECRET_KEY": "another secret of a good length",
        "SECRET_KEY_FALLBACKS": "the one that came before it, and the one before that",
        "HSTS_SUBDOMAINS": "on",
        "DATABASE_URL": "postgresql+psycopg://dofc@db/dofc",
        "BASE_URL": "https://events.example.org/",
        "RATE_LIMITS": "off",
        "SHARED_LIMITS": "on",
        "SHARED_DIR": "/srv/shared",
        "TRUSTED_PROXIES": "2",
        "MAIL_SERVER": "mail.example.org",
        "MAIL_PORT": "2525",
        "MAIL_USE_TLS": "true",
        "MAIL_USERNAME": "dofc",
        "MAIL_PASSWORD": "pass word",
        "MAIL_DEFAULT_SENDER": "DofC <dofc@example.org>",
    }
    settings = read(**env)
    assert settings == Settings(
        secret_key="another secret of a good length",
        secret_key_fallbacks=("the one that came before it", "and the one before that"),
        hsts_subdomains=True,
        database_url="postgresql+psycopg://dofc@db/dofc",
        base_url="https://events.example.org",
        instance=tmp_path,
        rate_limits=False,
        shared_limits=True,
        shared_dir=Path("/srv/shared"),
        trusted_proxies=2,
        mail_server="mail.example.org",
        mail_port=2525,
        mail_use_tls=True,
        mail_use_ssl=False,
        mail_username="dofc",
        mail_password="pass word",
        mail_default_sender="DofC <dofc@example.org>",
    )
    assert settings.mail_is_delivered


def test_from_env_takes_an_empty_variable_as_none(read):
    empty = dict.fromkeys(("DATABASE_URL", "PORT", "RATE_LIMITS", "TRUSTED_PROXIES", "MAIL_SERVER", "MAIL_PORT"), "")
    assert read(**empty) == read()


@pytest.mark.parametrize(
    ("env", "port"),
    [({}, 25), ({"MAIL_USE_TLS": "on"}, 587), ({"MAIL_USE_SSL": "1"}, 465), ({"MAIL_PORT": "26"}, 26)],
)
def test_from_env_knows_the_usual_port(read, env, port):
    assert read(**env).mail_port == port


def test_from_env_builds_links_on_the_port_when_there_is_no_base_url(read):
    assert read(PORT="9000").base_url == "http://127.0.0.1:9000"


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"SECRET_KEY": "short"}, "at least 16"),
        *(
            ({"SECRET_KEY": key}, "SECRET_KEY can be guessed")
            for key in (
                "a" * 48,
                "0123456789abcdef",
                "changeme-changeme-please",
                "xyz1xyz1xyz1xyz1",
                "Your-Secret-Key-Here",
            )
        ),
        ({"SECRET_KEY_FALLBACKS": "short"}, "SECRET_KEY_FALLBACKS can be guessed"),
        ({"HSTS_SUBDOMAINS": "perhaps"}, "HSTS_SUBDOMAINS must be on or off"),
        ({"PORT": "http"}, "PORT must be a whole number"),
        ({"MAIL_PORT": "-25"}, "MAIL_PORT must be a whole number"),
        ({"MAIL_PORT": "9" * 5000}, "MAIL_PORT must be a whole number"),
        ({"TRUSTED_PROXIES": "yes"}, "TRUSTED_PROXIES must be a whole number"),
        ({"RATE_LIMITS": "maybe"}, "RATE_LIMITS must be on or off"),
        ({"SHARED_LIMITS": "on"}, "SHARED_LIMITS needs PostgreSQL"),
        ({"MAIL_USE_TLS": "starttls"}, "MAIL_USE_TLS must be on or off"),
        ({"MAIL_USE_SSL": "2"}, "MAIL_USE_SSL must be on or off"),
        ({"MAIL_USE_TLS": "on", "MAIL_USE_SSL": "on"}, "cannot both be on"),
        ({"MAIL_SERVER": "mail.example.org"}, "MAIL_DEFAULT_SENDER"),
        ({"MAIL_SERVER": "mail.example.org", "MAIL_DEFAULT_SENDER": "Days of Clusters"}, "MAIL_DEFAULT_SENDER"),
        ({"MAIL_DEFAULT_SENDER": "no address here"}, "MAIL_DEFAULT_SENDER"),
        ({"ALERT_URL": "file:///etc/passwd"}, "ALERT_URL"),
        ({"ALERT_URL": "hooks.example.org"}, "ALERT_URL"),
        ({"BASE_URL": "events.example.org"}, "BASE_URL"),
        ({"BASE_URL": "https://example.org/events"}, "BASE_URL"),
        ({"BASE_URL": "ftp://events.example.org"}, "BASE_URL"),
        ({"BASE_URL": "https://"}, "BASE_URL"),
        # The pages know of no path before theirs.
        ({"BASE_URL": "https://example.org/dofc"}, "BASE_URL"),
    ],
)
def test_from_env_refuses_what_makes_no_sense(read, env, words):
    with pytest.raises(SettingsError, match=words):
        read(**env)


def test_from_env_reads_the_key_from_its_file(tmp_path):
    (tmp_path / "secret_key").write_text(f"{KEY}\n")
    assert Settings.from_env({}, tmp_path).secret_key == KEY
    assert Settings.from_env({"SECRET_KEY": "the environment wins, always"}, tmp_path).secret_key.startswith("the env")


def test_settings_are_frozen(read):
    with pytest.raises(FrozenInstanceError):
        read().secret_key = "another"


def test_settings_do_not_show_their_secrets(read):
    """They end up in tracebacks and logs."""
    shown = repr(read(MAIL_PASSWORD="pass word", DATABASE_URL="postgresql+psycopg://dofc:hidden@db/dofc"))
    assert KEY not in shown and "pass word" not in shown and "hidden" not in shown


@pytest.mark.parametrize("program", [[*FLASK, "mail", "status"], ["gunicorn", "wsgi:app"]])
def test_a_site_that_cannot_start_says_why_in_a_sentence(program, tmp_path):
    env = os.environ | {"SECRET_KEY": KEY, "MAIL_SERVER": "mail.example.org", "PORT": "0"}
    env.pop("MAIL_DEFAULT_SENDER", None)
    log = tmp_path / "said.log"
    assert Fork(program, env, log, log).wait(60) == 3
    said = log.read_text(encoding="utf-8")
    assert "The site cannot start. MAIL_SERVER is set but MAIL_DEFAULT_SENDER is not" in said
    assert "Traceback" not in said
