"""What templates are read with."""

from collections.abc import MutableMapping
from typing import Any

from flask.templating import Environment


class Templates(Environment):
    """None of our templates has globals of its own.

    Jinja would give each a chain of an empty dictionary and everybody's, which it goes through, name by name, for every
    template that is rendered and every one that it imports: a tenth of what a registration costs.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return super().make_globals(d) if d else self.globals
