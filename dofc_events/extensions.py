"""Flask extensions, unbound; `app.create_app` binds them."""

from ipaddress import ip_address, ip_network

from flask import current_app, request
from flask_babel import Babel
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_mail import Mail
from flask_migrate import Migrate

from dofc_events.config import Settings


def client_network() -> str:
    """The client of a request: an address, of IPv6 the network of a household or an office, which has as many."""
    address = ip_address(get_remote_address())
    return str(address if address.version == 4 else ip_network((address, 64), strict=False))


babel = Babel()
login_manager = LoginManager()
# A whole conference may share one Wi-Fi, and looking costs nobody anything: only forms are counted.
limiter = Limiter(client_network, application_limits=["300 per 10 minutes"])
limiter.request_filter(lambda: request.method != "POST")
mail = Mail()
migrate = Migrate()


def settings() -> Settings:
    """The frozen settings of the current application."""
    bound: Settings = current_app.extensions["dofc_events"]
    return bound
