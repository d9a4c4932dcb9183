"""Static files: our own and the libraries', named by their content and compressed once.

They are built into `instance/assets/` when the application starts and a file is missing there. A name changes with its
content, so browsers may keep every file for ever.
"""

import gzip
import hashlib
import os
import re
import tempfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from wsgiref.headers import Headers

import brotli
import structlog
from flask import Flask, current_app
from whitenoise import WhiteNoise

from dofc_events.config import ROOT
from dofc_events.core.errors import in_one_line

PREFIX = "/static/"
OURS = (
    "css/site.css",
    "css/organise.css",
    "css/figures.css",
    "js/site.js",
    "js/organise.js",
    "js/country.js",
    "js/questions.js",
    "js/passkeys.js",
    "js/photographs.js",
    "img/hexagons.svg",
    "img/favicon.svg",
    "img/share.png",
    "img/icon-180.png",
    "img/icon-192.png",
    "img/icon-512.png",
)
# Our name for a file, the package it comes with, and its path there.
LIBRARIES = (("css/bootstrap.min.css", "flask_bootstrap", "static/bootstrap5/css/bootstrap.min.css"),)

log = structlog.get_logger()

# What `web.security` gives to pages; files are answered before it is asked.
FILE_HEADERS = {"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"}


def init_assets(app: Flask, instance: Path, transport: Mapping[str, str]) -> None:
    """Build what is missing, serve it with `transport` among its headers, and give templates `asset_url(name)`."""
    folder, sources = instance / "assets", _sources()
    file_headers = {**FILE_HEADERS, **transport}
    names = {name: _hashed(name, content) for name, content in sources.items()}
    app.extensions["dofc_assets"] = names
    app.jinja_env.globals["asset_url"] = lambda name: PREFIX + names[name]
    try:
        for name, content in sources.items():
            _publish(folder / names[name], content)
    except OSError as error:
        # Pages do without, and a worker needs none.
        log.error("static_files_not_written", error=in_one_line(error))
        return

    def add_headers(headers: Headers, path: str, url: str) -> None:
        for name, value in file_headers.items():
            headers[name] = value

    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        app.wsgi_app,
        root=folder,
        prefix=PREFIX,
        immutable_file_test=lambda path, url: True,
        allow_all_origins=False,
        add_headers_function=add_headers,
    )


def asset_url(name: str) -> str:
    """The path at which a file is served now."""
    names: dict[str, str] = current_app.extensions["dofc_assets"]
    return PREFIX + names[name]


def _sources() -> dict[str, bytes]:
    sources = {name: (ROOT / "static" / name).read_bytes() for name in OURS}
    for name, package, place in LIBRARIES:
        # Without its map, which nobody is served.
        sources[name] = re.sub(rb"/\*# sourceMappingURL=.*?\*/", b"", (files(package) / place).read_bytes())
    return sources


def _hashed(name: str, content: bytes) -> str:
    stem, dot, ending = name.rpartition(".")
    return f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}{dot}{ending}"


def _publish(path: Path, content: bytes) -> None:
    if not path.exists():
        _write(path.with_name(f"{path.name}.br"), brotli.compress(content))
        _write(path.with_name(f"{path.name}.gz"), gzip.compress(content, mtime=0))
        # Last, because its presence says that all three are there.
        _write(path, content)


def _write(path: Path, content: bytes) -> None:
    """In one step, so that two processes that start together never serve half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    os.chmod(temporary, 0o644)
    os.replace(temporary, path)
