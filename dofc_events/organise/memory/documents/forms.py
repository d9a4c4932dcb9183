"""The form that puts documents in order."""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FieldList, FormField, HiddenField
from wtforms import Form as PlainForm
from wtforms.validators import Optional

from dofc_events.memory.documents.rules import LONGEST_TITLE, MAX_DOCUMENTS
from dofc_events.memory.documents.service import Arranged
from dofc_events.web.edits import EditForm
from dofc_events.web.fields import Between, Line, WholeNumberField


class DocumentRow(PlainForm):
    """One document."""

    id = HiddenField()
    title = Line(_l("Title"), longest=LONGEST_TITLE, missing=_l("Enter a title."))
    order = WholeNumberField(_l("Order"), [Optional(), Between(0, 1000)])
    is_published = BooleanField(_l("Published"))
    remove = BooleanField(_l("Remove"))


class DocumentsForm(EditForm):
    """The documents of an edition, as its page lists them."""

    documents = FieldList(FormField(DocumentRow), label=_l("Documents"), max_entries=MAX_DOCUMENTS)

    @classmethod
    def of(cls, seen: Sequence[Arranged], **kwargs: Any) -> "DocumentsForm":
        """The form with the documents as they stand, or with what was sent; `formdata=None` was not."""
        rows: list[dict[str, Any]] = [
            {"id": str(one.id), "title": one.title, "order": number, "is_published": one.is_published}
            for number, one in enumerate(seen, start=1)
        ]
        return cls(data={"documents": rows}, **kwargs)

    def to_arranged(self) -> list[Arranged]:
        """What was decided; documents without a number come last, those with the same one stay as they stand."""
        rows = sorted((row.form for row in self.documents), key=lambda row: row.order.data or 1001)
        return [
            Arranged(int(row.id.data), row.title.data, row.is_published.data, row.remove.data)
            for row in rows
            if row.id.data.isdecimal() and len(row.id.data) < 10
        ]
