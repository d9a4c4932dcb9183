"""The WSGI entry point: `gunicorn wsgi:app`, `flask --app wsgi …`."""

from dofc_events.app import create_app
from dofc_events.config import Settings

app = create_app(Settings.from_env())
