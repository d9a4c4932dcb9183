"""Numbers in addresses, `<year:year>` and `<id:…>`: a number that no row can have is not found, without a query."""

from collections.abc import Callable
from functools import cache

from flask import Flask
from werkzeug import routing
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


class Rule(routing.Rule):
    """What makes an address of its values is compiled when it is first asked for.

    There are some three hundred of them: to compile all takes as long as all else that a command needs to begin.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled = cache(lambda: super(Rule, self)._compile_builder(append_unknown))
        return lambda rule, **values: compiled()(rule, **values)


def init_converters(app: Flask) -> None:
    """Let addresses name years and ids; before any address is added."""
    app.url_rule_class = Rule
    app.url_map.converters.update(year=YearConverter, id=IdConverter)
