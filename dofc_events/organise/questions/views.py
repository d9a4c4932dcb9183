"""An edition's own questions: their order, whom each is for, and the form as delegates see it."""

from collections.abc import Callable, Sequence
from functools import partial, wraps
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from dofc_events.accounts.guards import acting, organisers_only
from dofc_events.conference.models import Edition
from dofc_events.core.clock import in_zone, now
from dofc_events.core.db import db, unit_of_work
from dofc_events.core.errors import NotAgreed
from dofc_events.organise.questions.forms import QuestionForm, values_of, values_of_standard
from dofc_events.organise.questions.texts import KINDS, STANDARD
from dofc_events.organise.shared import EDITION, around
from dofc_events.places.options.queries import option_pools, waiting_for_options
from dofc_events.places.options.service import PeopleWait, TooFewPlaces
from dofc_events.places.queries import categories_with_places, edition_pool
from dofc_events.places.service import lock_edition_pool
from dofc_events.questions import service
from dofc_events.questions.models import EditionQuestion
from dofc_events.questions.queries import questions_of
from dofc_events.questions.rules import Kind, OwnQuestion
from dofc_events.registration.answers.service import set_places
from dofc_events.registration.forms import DetailsForm
from dofc_events.registration.shared import asked_of, open_among
from dofc_events.web.asking import be_sure
from dofc_events.web.forms import ButtonForm, answer_errors, form_page

blueprint = Blueprint("questions", __name__)

QUESTIONS = f"{EDITION}/questions"
QUESTION = f"{QUESTIONS}/<key>"
PAGE, LIST = "organise/questions/question.html", "organise/questions/index.html"
# The button that shows what is typed and saves nothing; and the key of a question that has none yet.
PREVIEW, NEW = "preview", "new"


@blueprint.get(QUESTIONS)
@organisers_only
def index(edition: Edition) -> ResponseReturnValue:
    """The questions in their order, and the form as delegates see it now."""
    return render_template(LIST, button_form=ButtonForm(formdata=None), **_list(edition))


@blueprint.route(f"{QUESTIONS}/new", methods=["GET", "POST"])
@organisers_only
def new(edition: Edition) -> ResponseReturnValue:
    """Add a question; the address gives its kind, or a ready-made question that many hosts ask."""
    kind, standard = _begun()
    present = _questions(edition)
    values = values_of_standard(standard) if standard else {}
    form = QuestionForm.of(
        kind,
        values,
        categories=categories_with_places(db.session(), edition.id),
        earlier=present,
        ends_on=edition.ends_on,
    )
    context = {"question": None, "kind": kind, "kinds": KINDS, "asked": None, **around(edition)}
    context["preview"] = _preview(edition, form.as_asked(standard or NEW), present)
    if PREVIEW in request.form:
        return render_template(PAGE, form=form, **context)
    if not form.validate_on_submit():
        return form_page(form, PAGE, **context)
    details, options = form.to_details(), form.to_options()
    try:
        with unit_of_work() as session:
            lock_edition_pool(session, edition.id)
            said = [option for option, _places in options]
            row = service.add_question(session, edition.id, kind, details, said, acting(), now(), key=standard)
            passed, agreed = form.passed(in_zone(now(), edition.zone).date()), form.accepted.data or ""
            set_places(session, edition.id, row, _places_of(row, options), acting(), now(), agreed=agreed, also=passed)
    except NotAgreed as asked:
        return answer_errors(form, PAGE, **context | {"asked": asked})
    except service.TooManyQuestions:
        form.form_errors = [
            _(
                "An edition can ask at most %(max)d questions. Delete one, or stop asking it, first.",
                max=service.MAX_QUESTIONS,
            )
        ]
        return answer_errors(form, PAGE, **context)
    flash(_("“%(question)s” has been added.", question=details.caption), "success")
    return redirect(url_for(".index", year=edition.year), 303)


@blueprint.route(f"{QUESTION}/", methods=["GET", "POST"])
@organisers_only
def question(edition: Edition, key: str) -> ResponseReturnValue:
    """Change a question and its options."""
    present = _questions(edition)
    found = _one_of(present, key)
    capacities = {id_: pool.capacity for id_, pool in option_pools(db.session(), edition.id).items()}
    form = QuestionForm.of(
        found.kind,
        values_of(found, capacities),
        categories=categories_with_places(db.session(), edition.id),
        earlier=present[: present.index(found)],
        ends_on=edition.ends_on,
    )
    context = {"question": found, "kind": found.kind, "kinds": KINDS, "asked": None, **around(edition)}
    context["preview"] = _preview(edition, form.as_asked(key), present)
    if PREVIEW in request.form:
        return render_template(PAGE, form=form, **context)
    if not form.validate_on_submit():
        return form_page(form, PAGE, **context)
    details, options = form.to_details(), form.to_options()
    try:
        with unit_of_work() as session:
            lock_edition_pool(session, edition.id)
            said = [option for option, _places in options]
            row = service.change_question(session, edition.id, key, details, said, acting(), now(), seen=found)
            passed, agreed = form.passed(in_zone(now(), edition.zone).date(), found), form.accepted.data or ""
            set_places(session, edition.id, row, _places_of(row, options), acting(), now(), agreed=agreed, also=passed)
    except NotAgreed as asked:
        return answer_errors(form, PAGE, **context | {"asked": asked})
    except (TooFewPlaces, PeopleWait) as refusal:
        form.show_refusal(refusal)
        return answer_errors(form, PAGE, **context)
    flash(_("Changes saved."), "success")
    return redirect(url_for(".index", year=edition.year), 303)


def _pressed(act: Callable[[Edition, OwnQuestion], None]) -> Callable[[Edition, str], ResponseReturnValue]:
    """The view of a button beside a question, which does what it says and shows the list again."""

    @wraps(act)
    def view(edition: Edition, key: str) -> ResponseReturnValue:
        form, found = ButtonForm(), _one_of(_questions(edition), key)
        if not form.validate_on_submit():
            return answer_errors(form, LIST, button_form=form, **_list(edition))
        act(edition, found)
        return redirect(url_for(".index", year=edition.year, _anchor=f"row-{found.key}"), 303)

    return view


@blueprint.post(f"{QUESTION}/move")
@organisers_only
@_pressed
def move(edition: Edition, question: OwnQuestion) -> None:
    """Let a question change places with its neighbour."""
    try:
        with unit_of_work() as session:
            service.move_question(session, edition.id, question.key, acting(), now(), down="down" in request.form)
    except service.OutOfOrder:
        flash(_("A question must come after the one that it depends on."), "warning")


@blueprint.post(f"{QUESTION}/take-out")
@organisers_only
@_pressed
def take_out(edition: Edition, question: OwnQuestion) -> None:
    """Stop asking a question; of one that nobody has answered nothing would be left, so this is asked about."""
    asked, back = _("Delete “%(question)s”?", question=question.caption), url_for(".index", year=edition.year)
    meaning = _("Nobody has answered it yet, so it will be deleted with its options.")
    try:
        with unit_of_work() as session:
            stays = service.take_out(session, edition.id, question.key, acting(), now())
            if not stays:
                be_sure(asked, meaning, _("Delete the question"), back=back, around=partial(around, edition))
    except service.OthersDependOnIt as refusal:
        flash(_("“%(question)s” depends on it: change that question first.", question=refusal.caption), "warning")
        return
    if stays:
        words = _("“%(question)s” is no longer asked. The answers so far have been kept.", question=question.caption)
    else:
        words = _("“%(question)s” has been deleted. Nobody had answered it.", question=question.caption)
    flash(words, "success")


@blueprint.post(f"{QUESTION}/ask-again")
@organisers_only
@_pressed
def ask_again(edition: Edition, question: OwnQuestion) -> None:
    """Ask a question again that was taken out."""
    with unit_of_work() as session:
        service.ask_again(session, edition.id, question.key, acting(), now())
    flash(_("“%(question)s” is asked again.", question=question.caption), "success")


def _preview(edition: Edition, question: OwnQuestion, present: Sequence[OwnQuestion]) -> DetailsForm:
    """A form that asks this question, after the one that it depends on."""
    form = DetailsForm(formdata=None)
    form.offer_categories(categories_with_places(db.session(), edition.id))
    form.ask([*(one for one in present if one.key == question.shown_when), question], {})
    return form


def _list(edition: Edition) -> dict[str, Any]:
    questions = _questions(edition)
    preview, now_asked = DetailsForm(formdata=None), asked_of(edition)
    categories = categories_with_places(db.session(), edition.id)
    preview.offer_categories(open_among(edition, categories))
    preview.ask(now_asked["asked"], now_asked["room"])
    return {
        "questions": [one for one in questions if not one.is_retired],
        "retired": [one for one in questions if one.is_retired],
        "captions": {one.key: one.caption for one in questions},
        "categories": {one.slug: one.label for one in categories},
        "pools": option_pools(db.session(), edition.id),
        "waiting": waiting_for_options(db.session(), edition.id),
        "kinds": KINDS,
        "standard": {key: one["name"] for key, one in STANDARD.items()},
        "preview": preview,
        **around(edition),
    }


def _questions(edition: Edition) -> tuple[OwnQuestion, ...]:
    """An edition's questions; one whose registrations are not kept here asks nothing."""
    if edition_pool(db.session(), edition.id) is None:
        abort(404)
    return questions_of(db.session(), edition.id)


def _one_of(questions: tuple[OwnQuestion, ...], key: str) -> OwnQuestion:
    return next((one for one in questions if one.key == key), None) or abort(404)


def _begun() -> tuple[Kind, str]:
    """The kind of a new question, and the key of the standard one that it begins from, or ""."""
    standard, kind = request.args.get("standard", ""), request.args.get("kind", Kind.TEXT)
    if standard:
        return (STANDARD[standard]["kind"], standard) if standard in STANDARD else abort(404)
    return (Kind(kind), "") if kind in [*Kind] else abort(404)


def _places_of(row: EditionQuestion, options: list[tuple[service.OptionDetails, int | None]]) -> dict[str, int | None]:
    """The places of each option by its key: options stand as they were sent, those that were left out behind them."""
    return {option.key: capacity for option, (_said, capacity) in zip(row.options, options, strict=False)}
