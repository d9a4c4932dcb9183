"""create_app: the one place that knows every feature."""

import sys
from contextlib import suppress

import structlog
from flask import Flask
from flask_babel import format_decimal, get_locale
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from dofc_events import commands
from dofc_events.accounts import views as accounts
from dofc_events.accounts.guards import is_chair
from dofc_events.config import ROOT, Settings
from dofc_events.core.connecting import engine_options
from dofc_events.core.countries import country_name
from dofc_events.core.db import db, keep_writing_apart
from dofc_events.core.files import home_of, keep_private
from dofc_events.core.order import sort_key
from dofc_events.core.statements import watch_statements
from dofc_events.extensions import babel, limiter, login_manager, mail, migrate
from dofc_events.groups import views as groups
from dofc_events.hosting import views as hosting
from dofc_events.mail.render import link
from dofc_events.mail.rules import LINK_LIMITS
from dofc_events.organise import views as organise
from dofc_events.privacy import views as privacy
from dofc_events.public import views as public
from dofc_events.registration import views as registration
from dofc_events.web import dates, translation
from dofc_events.web.answered import init_answered, with_number, without_addresses
from dofc_events.web.assets import init_assets
from dofc_events.web.bodies import init_bodies
from dofc_events.web.converters import init_converters
from dofc_events.web.elsewhere import map_link
from dofc_events.web.errors import init_errors, try_views_again
from dofc_events.web.forms import csrf_token
from dofc_events.web.given_back import init_given_back
from dofc_events.web.likely_meant import DOMAINS, likely_meant
from dofc_events.web.limits import DatabaseStorage, FileStorage
from dofc_events.web.markdown import render_markdown
from dofc_events.web.security import SignedSessions, init_security, transport_security
from dofc_events.web.templates import Templates

# A completely filled registration form takes some 20 KB; no post needs more than this.
LARGEST_BODY = 256 * 1024


def create_app(settings: Settings) -> Flask:
    """The application, complete; it opens no connection and needs no database to be made."""
    app = Flask("dofc_events", template_folder=str(ROOT / "templates"), static_folder=None)
    app.extensions["dofc_events"] = settings
    # With PostgreSQL all but uploads goes on without it.
    with suppress(OSError):
        keep_private(settings.instance)
    # What it needs is loaded once, before processes are forked.
    home_of(settings.shared)
    https = settings.base_url.startswith("https://")
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SECRET_KEY_FALLBACKS=list(settings.secret_key_fallbacks),
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url),
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        MAX_FORM_MEMORY_SIZE=LARGEST_BODY,
        # Browsers take a cookie of this name from this host alone, and over TLS.
        SESSION_COOKIE_NAME="__Host-dofc" if https else "dofc",
        SESSION_COOKIE_SECURE=https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        # All our texts are translated with the pages; WTForms would read its own catalogue in each request.
        WTF_I18N_ENABLED=False,
        MAIL_SERVER=settings.mail_server,
        MAIL_PORT=settings.mail_port,
        MAIL_USE_TLS=settings.mail_use_tls,
        MAIL_USE_SSL=settings.mail_use_ssl,
        MAIL_USERNAME=settings.mail_username,
        MAIL_PASSWORD=settings.mail_password,
        MAIL_DEFAULT_SENDER=settings.mail_default_sender,
        MAIL_SUPPRESS_SEND=False,
        MAIL_DEBUG=False,
        RATELIMIT_ENABLED=settings.rate_limits,
        RATELIMIT_STORAGE_URI=_where_limits_count(settings),
    )
    if settings.trusted_proxies:
        n = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n)  # type: ignore[method-assign]
    app.session_interface = SignedSessions()
    app.jinja_environment = Templates
    init_answered(app, settings)
    _init_extensions(app, settings)
    _init_templates(app, settings)
    transport = transport_security(https, subdomains=settings.hsts_subdomains)
    init_security(app, transport)
    init_bodies(app)
    init_errors(app)
    init_given_back(app)
    init_assets(app, settings.instance, transport)
    init_converters(app)
    for package in (public, accounts, registration, groups, hosting, privacy, organise, commands):
        package.register(app)
    try_views_again(app)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            with_number,
            structlog.processors.format_exc_info,
            without_addresses,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.JSONRenderer(),
        ],
        # What a command prints is its answer, for scripts to read.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
    return app


def _where_limits_count(settings: Settings) -> str:
    if settings.shared_limits:
        return f"{DatabaseStorage.STORAGE_SCHEME[0]}://"
    return f"{FileStorage.STORAGE_SCHEME[0]}://{settings.instance / 'limits.sqlite'}"


def _init_extensions(app: Flask, settings: Settings) -> None:
    db.init_app(app)
    with app.app_context():
        keep_writing_apart()
        watch_statements(db.engine, counted=settings.metrics_token is not None)
    migrate.init_app(app, db, directory=str(ROOT / "migrations"), render_as_batch=True)
    babel.init_app(app)
    babel.domain_instance = translation.catalogues
    login_manager.init_app(app)
    limiter.init_app(app)
    mail.init_app(app)


def _init_templates(app: Flask, settings: Settings) -> None:
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        _=translation.gettext,
        gettext=translation.gettext,
        ngettext=translation.ngettext,
        csrf_token=csrf_token,
        mail_is_delivered=lambda: settings.mail_is_delivered,
        current_locale=get_locale,
        is_chair=is_chair,
        map_link=map_link,
        begin_page=dates.begin_page,
        zone_is_said=dates.is_said,
        full_address=link,
        base_url=settings.base_url,
        MAIL_DOMAINS=DOMAINS,
        LINKS_AN_HOUR=LINK_LIMITS[0][0],
        country_name=lambda code: country_name(code, get_locale().language),
    )
    app.jinja_env.filters.update(
        moment=dates.naming_once(dates.moment),
        deadline=dates.naming_once(dates.deadline),
        moment_range=dates.naming_once(dates.moment_range),
        short_moment=dates.short_moment,
        as_recorded=dates.as_recorded,
        clock=dates.clock,
        zone_name=dates.zone_name,
        day=dates.day,
        day_range=dates.day_range,
        duration=dates.duration,
        time_left=dates.time_left,
        decimal=format_decimal,
        likely_meant=likely_meant,
        markdown=render_markdown,
        in_order=lambda names: sorted(names, key=sort_key),
    )
