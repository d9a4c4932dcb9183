"""Parts of pages that are kept between requests, because everybody who is shown the same gets the same."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from babel.support import NullTranslations
from flask import get_template_attribute, render_template
from markupsafe import Markup

from dofc_events.web.translation import catalogues


@dataclass(frozen=True)
class _Part:
    """What is asked for. Two are the same if template, language and `shown` are."""

    template: str
    language: NullTranslations
    shown: Hashable
    context: Callable[[], dict[str, Any]] = field(compare=False)


def kept_part(template: str, shown: Hashable, context: Callable[[], dict[str, Any]]) -> Markup:
    """A part of a page, rendered with a `context` only if it has not been with an equal `shown`.

    `shown` has everything that the part shows and that may be different next time. Of who looks at it the part must
    show nothing: no CSRF token, no account, no message that is shown once.
    """
    return _rendered(_Part(template, catalogues.get_translations(), shown, context))


@lru_cache(maxsize=100)
def _rendered(part: _Part) -> Markup:
    return Markup(render_template(part.template, **part.context()))  # noqa: S704 (escaped by the template)


def written_by(template: str, macro: str, *said: object) -> str:
    """What a macro of a template writes: the markup of a piece that its caller keeps."""
    return str(get_template_attribute(template, macro)(*said))
