"""A form as it stands on a page, filled in as a person could."""

import io
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urljoin

from werkzeug.datastructures import MultiDict

from tests.support.tree import Element

if TYPE_CHECKING:
    from tests.support.pages import Page

BUTTONS = "button:not([type=button]):not([type=reset]), input[type=submit]"
NOT_FIELDS = ("submit", "button", "reset", "image")


class Form:
    """Fields by name, with the values that the page gave them."""

    def __init__(self, page: "Page", tag: Element) -> None:
        self.page = page
        self.tag = tag
        self.values: dict[str, list[Any]] = {}
        self._fields: dict[str, list[Element]] = {}
        for field in self._elements("input, select, textarea"):
            if field.get("name") and field.get("type") not in NOT_FIELDS and not _is_disabled(field):
                self._fields.setdefault(str(field["name"]), []).append(field)
        for name, fields in self._fields.items():
            self.values[name] = [value for field in fields for value in _initial(field)]

    @property
    def names(self) -> list[str]:
        """The names of the fields that a person sees."""
        return [name for name, fields in self._fields.items() if fields[0].get("type") != "hidden"]

    def value(self, name: str) -> Any:
        """What a field holds: a text, or None for a box that is not ticked; fails if there is no such field."""
        assert name in self._fields, f"no field {name!r}; there are {list(self._fields)}"
        values = self.values[name]
        return values[0] if values else None

    def choices(self, name: str) -> list[str]:
        """The values that can be chosen from a select, radios or check boxes."""
        return [value for field in self._fields[name] for value in _choices(field)]

    def fill(self, _more: dict[str, Any] | None = None, **values: Any) -> "Form":
        """Fill in what a person could: a text, True or False for one box, a value for a choice, a list for several.

        Names that are no Python names go into a dict: `fill({"preference-cellars": 1})`. A file is
        `(name, bytes)`, several are a list.
        """
        for name, value in {**(_more or {}), **values}.items():
            fields = self._fields.get(name, [])
            assert fields, f"no field {name!r} on {self.page.url}; there are {self.names}"
            assert fields[0].get("type") != "hidden", f"{name!r} is hidden: nobody can fill it in; see forge()"
            assert not fields[0].has_attr("readonly"), f"{name!r} is read-only"
            self.values[name] = self._filled(name, fields, value)
        return self

    def forge(self, _more: dict[str, Any] | None = None, **values: Any) -> "Form":
        """Set anything, as a hostile client could; None leaves a field out, a list sends it several times."""
        for name, value in {**(_more or {}), **values}.items():
            self.values[name] = [] if value is None else value if isinstance(value, list) else [value]
        return self

    def submit(self, button: str = "", **options: Any) -> "Page":
        """Press a button: the first, or the one that says `button` or has it as its name or value."""
        pressed = self._button(button)
        data = [(name, value) for name, values in self.values.items() for value in values]
        if pressed.get("name"):
            data.append((str(pressed["name"]), str(pressed.get("value", ""))))
        action = urljoin(self.page.url, str(pressed.get("formaction") or self.tag.get("action") or self.page.url))
        method = str(pressed.get("formmethod") or self.tag.get("method") or "get").upper()
        if method == "GET":
            return self.page.client.get(f"{action.partition('?')[0]}?{urlencode(data)}", **options)
        sent: MultiDict[str, Any] = MultiDict()
        has_files = self.tag.get("enctype") == "multipart/form-data"
        for name, value in data:
            if isinstance(value, tuple):
                # A browser sends only a file's name if the form forgot its enctype.
                sent.add(name, (io.BytesIO(value[1]), value[0]) if has_files else value[0])
            else:
                sent.add(name, value)
        kind = "multipart/form-data" if has_files else "application/x-www-form-urlencoded"
        return self.page.client.open("POST", action, data=sent, content_type=kind, **options)

    def _button(self, which: str) -> Element:
        buttons = [b for b in self._elements(BUTTONS) if not _is_disabled(b)]
        if which:
            buttons = [b for b in buttons if which in (_said(b), b.get("name"), b.get("value")) or which in _said(b)]
            assert len(buttons) == 1, f"{len(buttons)} buttons {which!r}; there are {self._elements(BUTTONS)}"
        assert buttons, f"nothing sends the form {self.tag.get('action')!r}"
        return buttons[0]

    def _elements(self, css: str) -> list[Element]:
        """Those inside the form, and those elsewhere that name it."""
        inside = [tag for tag in self.tag.select(css) if tag.get("form") in (None, self.tag.get("id"))]
        if not self.tag.get("id"):
            return inside
        named = [tag for tag in self.page.tree.select(css) if tag.get("form") == self.tag["id"]]
        return inside + [tag for tag in named if tag not in inside]

    def _filled(self, name: str, fields: list[Element], value: Any) -> list[Any]:
        first = fields[0]
        kind = first.get("type", "text") if first.name == "input" else first.name
        if kind == "file" and isinstance(value, list):
            assert first.has_attr("multiple"), f"{name!r} takes one file"
            return value
        if kind == "checkbox" and isinstance(value, bool):
            assert len(fields) == 1, f"{name!r} has {len(fields)} boxes: give the values to tick"
            return _choices(first) if value else []
        if kind in ("checkbox", "radio", "select"):
            wanted = [str(v) for v in value] if isinstance(value, list | tuple | set) else [str(value)]
            for choice in wanted:
                assert choice in self.choices(name), f"{name!r} does not offer {choice!r} but {self.choices(name)}"
            several = kind == "checkbox" or (kind == "select" and first.has_attr("multiple"))
            assert several or len(wanted) == 1, f"{name!r} takes one value"
            return wanted
        return [value if isinstance(value, tuple) else str(value)]


def _initial(field: Element) -> list[Any]:
    """What a browser would send of an untouched field."""
    if field.name == "textarea":
        return [field.get_text().replace("\n", "\r\n")]
    if field.name == "select":
        options = [o for o in field.select("option") if not o.has_attr("disabled")]
        chosen = [o for o in options if o.has_attr("selected")]
        if not chosen and not field.has_attr("multiple"):
            chosen = options[:1]
        return [_option(o) for o in chosen]
    if field.get("type") in ("checkbox", "radio"):
        return _choices(field) if field.has_attr("checked") else []
    if field.get("type") == "file":
        return [("", b"")]
    value = str(field.get("value", ""))
    # A line's end is sent as browsers send it (HTML Standard, 4.10.21.4).
    return [value.replace("\n", "\r\n") if field.get("type") == "hidden" else value]


def _choices(field: Element) -> list[str]:
    if field.name == "select":
        return [_option(o) for o in field.select("option") if not o.has_attr("disabled")]
    return [str(field.get("value", "on"))]


def _option(option: Element) -> str:
    return str(option["value"]) if option.has_attr("value") else option.get_text(strip=True)


def _is_disabled(tag: Element) -> bool:
    return tag.has_attr("disabled") or tag.is_in("fieldset[disabled]")


def _said(button: Element) -> str:
    return re.sub(r"\s+", " ", button.get_text(" ") or str(button.get("value", ""))).strip()
