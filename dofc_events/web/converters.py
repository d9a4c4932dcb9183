"""Numbers in addresses, `<year:year>` and `<id:…>`: a number that no row can have is not found, without a query."""

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

LARGEST_ID = 2**31 - 1


class YearConverter(IntegerConverter):
    """A year of four digits at most."""

    regex = r"\d{1,4}"


class IdConverter(IntegerConverter):
    """The id of a row: what a whole number of a database can hold."""

    regex = r"\d{1,10}"

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=LARGEST_ID)


def init_converters(app: Flask) -> None:
    """Let addresses name years and ids; before any address is added."""
    app.url_map.converters.update(year=YearConverter, id=IdConverter)
