"""Forms of reviewers, of the chair about members, and of hosts who hand over."""

import re
from collections.abc import Collection

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, StringField, ValidationError
from wtforms.validators import InputRequired

from dofc_events.accounts.rules import MEMBER_ROLES, RoleName
from dofc_events.conference.models import Member
from dofc_events.core.slugs import slug_for
from dofc_events.hosting.members.service import MemberDetails, details_of
from dofc_events.web.edits import EditForm
from dofc_events.web.fields import CountryField, EmailField, Line, NameLine, SlugField
from dofc_events.web.forms import Form


class MemberForm(Form):
    """What the network knows of a member."""

    name = Line(_l("Name"), longest=200, missing=_l("Enter the name of the organisation."))
    country = CountryField(_l("Country"), missing=_l("Choose a country from the list."))
    website = Line(_l("Website"), longest=300)
    contact_name = NameLine(_l("Contact name"), longest=120)
    contact_email = EmailField(_l("Contact email address"), missing=None)
    is_active = BooleanField(_l("Active: votes and can propose"))

    @classmethod
    def of(cls, member: Member) -> "MemberForm":
        """The form with the current values, or with what was sent."""
        return cls(data=vars(details_of(member)))

    def validate_website(self, field: Line) -> None:
        if not re.fullmatch(r"https?://[^\s/]+\.[^\s]+", field.data):
            raise ValidationError(_("Start the address with https:// or http://."))

    def refuse_name(self) -> None:
        self.name.errors = [_("Another member already has this name. Each organisation is one member, with one vote.")]

    def to_details(self) -> MemberDetails:
        return MemberDetails(
            name=self.name.data,
            country=self.country.data,
            website=self.website.data,
            contact_name=self.contact_name.data,
            contact_email=self.contact_email.data,
            is_active=self.is_active.data,
        )


class ChangeMemberForm(EditForm, MemberForm):
    """A member as it stands."""


class NewMemberForm(MemberForm):
    """An organisation that becomes a member."""

    slug = SlugField(_l("Short name"))

    def slug_among(self, taken: Collection[str]) -> str:
        """The short name that was typed, or one that follows from the name."""
        return self.slug.data or slug_for(self.name.data, taken, otherwise="member")


class RepresentativeForm(Form):
    """A representative or reviewer of a member."""

    name = NameLine(_l("Name"), longest=120, missing=_l("Enter the person’s name."))
    email = EmailField(_l("Email address"), missing=_l("Enter an email address."))
    role = RadioField(_l("Role"), [InputRequired(_l("Choose a role."))], choices=[role.value for role in MEMBER_ROLES])


class RemoveForm(Form):
    """The button that ends what somebody does for a member: `member:12` or so, their role and the account's id."""

    who = StringField()

    def account_and_role(self) -> tuple[int, RoleName] | None:
        found = re.fullmatch(r"(member|board):(\d{1,9})", self.who.data or "")
        return (int(found[2]), RoleName(found[1])) if found else None
