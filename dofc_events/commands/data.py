"""`flask data`: from one database to another."""

import click
from flask.cli import AppGroup

from dofc_events.core.copying import contents_of, copy_all, engine_for, refuse_difference, snapshot, writing
from dofc_events.core.db import db
from dofc_events.core.files import for_us_alone

data = AppGroup("data", help="The data as a whole.")


@data.command("copy")
@click.option("--to", "url", required=True, metavar="URL", help="The other database, written like DATABASE_URL.")
def copy(url: str) -> None:
    """Copy everything into another database, which is empty, and compare the two. Stop the site first."""
    with for_us_alone(), engine_for(url) as target:
        with snapshot(db.engine) as here, writing(target) as there:
            copied = copy_all(here, there)
        with snapshot(target) as there:
            refuse_difference(copied, contents_of(there))
    rows = sum(contents.rows for contents in copied.values())
    click.echo(f"Copied and compared: {rows} rows in {len(copied)} tables. Set DATABASE_URL to the new address.")
