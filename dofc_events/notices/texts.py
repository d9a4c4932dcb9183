"""What a delegate's details are called in our emails."""

from flask_babel import lazy_gettext as _l

# In the words of the form.
FIELD_NAMES = {
    "given_name": _l("given name"),
    "family_name": _l("family name"),
    "badge_name": _l("name on the badge"),
    "organisation": _l("organisation"),
    "job_title": _l("job title"),
    "country": _l("country"),
    "phone": _l("mobile phone"),
    "category": _l("what you are attending as"),
    "dietary": _l("dietary needs"),
    "access_needs": _l("access needs"),
    "visa_letter": _l("invitation letter for a visa"),
    "photo_consent": _l("photographs"),
}
