"""Acts on many registrations at once: selected on the list, confirmed on a separate page."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from dofc_events.accounts.guards import acting, organisers_only
from dofc_events.conference.models import Edition
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.delegates.service import NoSuchCategory
from dofc_events.organise.registrations.many.forms import (
    ApproveForm,
    CancelForm,
    CategoryForm,
    ConfirmForm,
    ManyForm,
    TagManyForm,
    UntagForm,
)
from dofc_events.organise.registrations.shared import of_the_list
from dofc_events.organise.shared import EDITION, around, asked_audience, emailed
from dofc_events.places.service import CategoryFull
from dofc_events.registration.many import service as many
from dofc_events.registration.many.queries import Selection, selection_of, those_shown
from dofc_events.registration.many.service import Order
from dofc_events.registration.queries import Audience
from dofc_events.registration.rules import Act
from dofc_events.web.forms import ButtonForm, answer_errors, answer_nothing_to_do, form_page

blueprint = Blueprint("many", __name__)

# What other pages do with the people selected.
ELSEWHERE: dict[str, tuple[str, dict[str, Any]]] = {
    "write": ("organise.letters.new", {}),
    "xlsx": ("organise.registrations.export.registrations_file", {"kind": "xlsx"}),
    "csv": ("organise.registrations.export.registrations_file", {"kind": "csv"}),
}
# The page of the list and the selection on it, so that people come back to it as they left it.
AS_IT_WAS = {"after", "before", "from", "pick", "act", "all"}
NAMES_SHOWN = 10


@dataclass(frozen=True)
class Deed:
    """An act on many: the form that asks for it, the service that does it, and the words for the number it returns."""

    form: type[ManyForm]
    do: Callable[..., int]
    words: Callable[[int, Any], str]


DEEDS = {
    Act.TAG: Deed(
        TagManyForm,
        many.put_tag,
        lambda number, form: ngettext(
            "%(num)d person has the tag “%(word)s”.",
            "%(num)d people have the tag “%(word)s”.",
            number,
            word=form.word.data,
        ),
    ),
    Act.UNTAG: Deed(
        UntagForm,
        many.take_tag,
        lambda number, form: ngettext(
            "The tag “%(word)s” has been removed from %(num)d person.",
            "The tag “%(word)s” has been removed from %(num)d people.",
            number,
            word=form.word.data,
        ),
    ),
    Act.CATEGORY: Deed(
        CategoryForm,
        many.change_category,
        lambda number, form: (
            ngettext("%(num)d person has a new category.", "%(num)d people have a new category.", number)
            + _told(number, quiet=form.quiet.data)
        ),
    ),
    Act.APPROVE: Deed(
        ApproveForm,
        many.approve,
        lambda number, form: (
            ngettext("%(num)d request has been accepted.", "%(num)d requests have been accepted.", number)
            + _told(number)
        ),
    ),
    Act.CONFIRM: Deed(
        ConfirmForm,
        many.confirm,
        lambda number, form: (
            ngettext("%(num)d person now has a confirmed place.", "%(num)d people now have a confirmed place.", number)
            + _told(number)
        ),
    ),
    Act.CANCEL: Deed(
        CancelForm,
        many.cancel,
        lambda number, form: _ended(number, form) + _told(number, quiet=form.quiet.data),
    ),
}


def _ended(number: int, form: Any) -> str:
    if form.declines:
        return str(ngettext("%(num)d request has been declined.", "%(num)d requests have been declined.", number))
    return str(
        ngettext("%(num)d registration has been cancelled.", "%(num)d registrations have been cancelled.", number)
    )


def _told(number: int, *, quiet: bool = False) -> str:
    if quiet:
        words = ngettext("The delegate has not been told.", "The delegates have not been told.", number)
    else:
        words = emailed(ngettext("The delegate will be told by email.", "The delegates will be told by email.", number))
    return f" {words}"


@blueprint.route(f"{EDITION}/registrations/selected", methods=["GET", "POST"])
@organisers_only
def selected(edition: Edition) -> ResponseReturnValue:
    """Act on the people selected, or on `all` that the filters leave, after saying how many."""
    # A button of its own comes after the choice.
    act = next(reversed(request.args.getlist("act")), "")
    audience, everybody = asked_audience(), "all" in request.args
    if act not in ("", *ELSEWHERE, *Act):
        abort(404)
    of_list = of_the_list()
    as_it_was = of_list | {name: values for name, values in request.args.lists() if name in AS_IT_WAS}
    back = url_for("organise.registrations.index", year=edition.year, **as_it_was)
    if not act or not (everybody or audience.references):
        form, page = ButtonForm(), "organise/registrations/many/nobody_picked.html"
        form.validate_on_submit()
        return form_page(form, page, act=act, of_list=of_list, back=back, **around(edition))
    if everybody:
        audience = replace(audience, references=())
    if act in ELSEWHERE:
        endpoint, values = ELSEWHERE[act]
        there = url_for(endpoint, year=edition.year, **values, **of_list, pick=audience.references)
        return redirect(there, 303)
    return _confirmed(edition, Act(act), audience, back, of_list)


def _confirmed(
    edition: Edition, act: Act, audience: Audience, back: str, of_list: dict[str, Any]
) -> ResponseReturnValue:
    page, context = (
        "organise/registrations/many/selected.html",
        {"act": act, "back": back, "names_shown": NAMES_SHOWN, **around(edition)},
    )
    shown = those_shown(audience, request.form.get("digest", ""))
    deed, (selection, form) = DEEDS[act], _asked(edition, act, shown)
    order = Order(audience, form.shown(selection))
    if not selection.able or form.nothing_to_do:
        return answer_nothing_to_do(form, page, selection=selection, **context)
    if not form.validate_on_submit():
        return form_page(form, page, selection=selection, **context)
    try:
        with unit_of_work() as session:
            number = deed.do(session, edition.id, order, actor=acting(), now=now(), **form.wanted())
    except CategoryFull:
        form.form_errors = [
            _("Nothing has been done: too few places of this category are free. Raise its limit first.")
        ]
        return answer_errors(form, page, selection=selection, **context)
    except (many.SelectionChanged, NoSuchCategory):
        selection, form = _asked(edition, act, audience)
        form.shown(selection)
        form.form_errors = [
            _(
                "Nothing has been done, because something has changed since you opened the page. This is the "
                "current state:"
            )
        ]
        return answer_errors(form, page, selection=selection, **context)
    flash(deed.words(number, form), "success")
    return redirect(url_for("organise.registrations.index", year=edition.year, **of_list), 303)


def _asked(edition: Edition, act: Act, audience: Audience) -> tuple[Selection, ManyForm]:
    selection = selection_of(db.session(), edition, audience, act, now())
    return selection, DEEDS[act].form.of(selection, edition.categories)
