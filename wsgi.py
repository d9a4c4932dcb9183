"""The WSGI entry point: `gunicorn wsgi:app`, `flask --app wsgi …`."""

import os
import sys

from dofc_events.app import create_app
from dofc_events.config import Settings, SettingsError

# By this gunicorn knows that starting a worker again is of no use.
CANNOT_START = 3

# What this process writes is for its own user alone: answers, emails with links that act, counts of addresses.
os.umask(0o077)

try:
    app = create_app(Settings.from_env())
except SettingsError as error:
    # Whoever starts the site can mend it, and needs no traceback for that.
    sys.stderr.write(f"The site cannot start. {error}\n")
    sys.exit(CANNOT_START)
