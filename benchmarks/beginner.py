"""A registration site as a beginner writes one with our libraries: what ours may cost at most.

One form with the fields of ours, one table, one INSERT, a message sent before the page is answered, a page of thanks.
Nothing is promised: no places or waiting list, no second try when the mail server is away, no link for the delegate.
"""

import os
from datetime import UTC, datetime

import click
from babel import Locale
from flask import Flask, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_bootstrap import Bootstrap5
from flask_mail import Mail, Message
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import FlaskForm
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from wtforms import BooleanField, EmailField, SelectField, StringField, SubmitField, TelField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Email, Length


class Base(DeclarativeBase):
    pass


app = Flask(__name__)
app.config.update(
    SECRET_KEY=os.environ["SECRET_KEY"],
    SQLALCHEMY_DATABASE_URI=os.environ["DATABASE_URL"],
    MAIL_SERVER=os.environ["MAIL_SERVER"],
    MAIL_PORT=int(os.environ["MAIL_PORT"]),
    MAIL_DEFAULT_SENDER=os.environ["MAIL_DEFAULT_SENDER"],
)
bootstrap = Bootstrap5(app)
db = SQLAlchemy(app, model_class=Base)
mail = Mail(app)

COUNTRIES = sorted((name, code) for code, name in Locale("en").territories.items() if len(code) == 2)
CATEGORIES = ("Company", "Cluster", "Public body", "University", "Guest")


class Registration(db.Model):  # type: ignore[name-defined]
    id: Mapped[int] = mapped_column(primary_key=True)
    given_name: Mapped[str]
    family_name: Mapped[str]
    badge_name: Mapped[str]
    email: Mapped[str]
    phone: Mapped[str]
    organisation: Mapped[str]
    job_title: Mapped[str]
    country: Mapped[str]
    category: Mapped[str]
    dietary: Mapped[str]
    access_needs: Mapped[str]
    visa_letter: Mapped[bool]
    photo_consent: Mapped[bool]
    consent: Mapped[bool]
    registered_at: Mapped[datetime]


class RegistrationForm(FlaskForm):
    given_name = StringField("Given name", [DataRequired(), Length(max=100)])
    family_name = StringField("Family name", [Length(max=100)])
    badge_name = StringField("Name on the badge", [Length(max=100)])
    email = EmailField("Email address", [DataRequired(), Email()])
    phone = TelField("Mobile phone", [Length(max=40)])
    organisation = StringField("Organisation", [DataRequired(), Length(max=200)])
    job_title = StringField("Job title", [Length(max=120)])
    country = SelectField("Country", choices=[SelectChoice("", ""), *(SelectChoice(c, n) for n, c in COUNTRIES)])
    category = SelectField("I take part as", choices=[SelectChoice(c.lower(), c) for c in CATEGORIES])
    dietary = TextAreaField("Dietary needs", [Length(max=1000)])
    access_needs = TextAreaField("Access needs", [Length(max=1000)])
    visa_letter = BooleanField("I need an invitation letter for a visa")
    photo_consent = BooleanField("I may be photographed")
    consent = BooleanField("I agree to this use of my data", [DataRequired()])
    submit = SubmitField("Register")


@app.route("/", methods=["GET", "POST"])
def register() -> ResponseReturnValue:
    form = RegistrationForm()
    if form.validate_on_submit():
        registration = Registration(registered_at=datetime.now(UTC))
        form.populate_obj(registration)
        db.session.add(registration)
        db.session.commit()
        message = Message("You are registered", recipients=[registration.email])
        message.body = render_template("beginner/mail.txt", registration=registration)
        message.html = render_template("beginner/mail.html", registration=registration)
        mail.send(message)
        session["registration"] = registration.id
        return redirect(url_for("thanks"), 303)
    return render_template("beginner/register.html", form=form)


@app.route("/thanks")
def thanks() -> ResponseReturnValue:
    registration = db.get_or_404(Registration, session.get("registration"))
    return render_template("beginner/thanks.html", registration=registration)


@app.cli.command("create-table")
def create_table() -> None:
    db.create_all()
    click.echo("The table was created.")
