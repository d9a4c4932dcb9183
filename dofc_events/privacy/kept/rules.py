"""Everything personal that is kept: what it is, where, why, for how long, and what becomes of it then.

`KEPT` has a row for each column that says something of a person, `ELSEWHERE` for what is not in a table, and
`NOT_PERSONAL` names every other column; numbers that are keys of tables belong to none. The run, erasing, "my data" and
docs/privacy.md all read these rows: whoever adds a column adds it to one of them, and nothing else.
"""

import enum
from dataclasses import dataclass

from dofc_events.privacy.rules import DEFAULT_DAYS, Period, in_months


class Whose(enum.StrEnum):
    """The person something is about, which decides from when its period is counted."""

    DELEGATE = "delegates"
    PROPOSER = "proposers"
    ACCOUNT = "account holders"
    EDITION = "organisers"
    ANYBODY = "visitors and others"


COUNTED_FROM = {
    Whose.DELEGATE: "the end of the edition",
    Whose.PROPOSER: "the decision about the call",
    Whose.ACCOUNT: "the end of the last role; roles at an edition end with it at the latest",
    Whose.EDITION: "the end of the edition",
    Whose.ANYBODY: "",
}


class Ends(enum.StrEnum):
    """What becomes of it. Rows that are counted stay."""

    BLANKED = "removed, the row stays"
    DELETED = "deleted with its row"
    REPLACED = "replaced by something that identifies nobody"
    NAMELESS = "names go; acts, times and numbers stay"
    STAYS = "stays; identifies nobody once the name is gone"
    BY_ITSELF = "deleted automatically"


@dataclass(frozen=True)
class Kept:
    """One row of the table. `by` leads from a row of `table` to the person it is about, column by column.

    `columns` have spaces between them. Without a `period` it ends as `until` says. A row of the database is deleted
    `only` if this column says something. What is not `is_shown` to the person is about somebody else.
    """

    table: str
    columns: str
    by: str
    whose: Whose
    what: str
    why: str
    period: Period | None
    ends: Ends
    until: str = ""
    is_shown: bool = True
    only: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.columns.split())


@dataclass(frozen=True)
class Place:
    """What is kept outside the tables."""

    where: str
    what: str
    why: str
    until: str


D, P, A, E, X = Whose.DELEGATE, Whose.PROPOSER, Whose.ACCOUNT, Whose.EDITION, Whose.ANYBODY
NEEDS, PHONE, VISA, EMAILS, NAMES = Period.NEEDS, Period.PHONE, Period.VISA, Period.EMAILS, Period.NAMES
BLANKED, DELETED, REPLACED, NAMELESS, STAYS, BY_ITSELF = Ends
# Columns that only the site can read, which sorts and compares by them, and what the page says otherwise: in the file,
# and not on the page.
KEYS = frozenset(
    {
        "by_name",
        "by_organisation",
        "content_hash",
        "consent_version",
        "email_key",
        "form_key",
        "html",
        "link_version",
        "mailbox_key",
        "recipient_key",
        "trip_id",
    }
)
OWN, OF, BY = "registrations", "registration_id", "proposal_id"
KEEP_PLACE, TELL = "to keep the place and prepare the conference", "to write to the person"
FIND, COUNT, PROVE = "so that organisers find the person", "to count", "to show what was agreed and done"
CHOOSE, VOUCH = "to choose the next host", "to know who may do what"

KEPT = (
    Kept(OWN, "dietary", "id", D, "Dietary needs", "to meet them", NEEDS, BLANKED),
    Kept(OWN, "access_needs", "id", D, "Access needs", "to meet them", NEEDS, BLANKED),
    Kept(OWN, "phone", "id", D, "Mobile phone", "to reach the person during the conference", PHONE, BLANKED),
    Kept(OWN, "visa_letter", "id", D, "Needs an invitation letter for a visa", "to write it", VISA, BLANKED),
    Kept(OWN, "given_name", "id", D, "Given name", KEEP_PLACE, NAMES, REPLACED),
    Kept(OWN, "family_name badge_name", "id", D, "Family name; name on the badge", KEEP_PLACE, NAMES, BLANKED),
    Kept(OWN, "called by_name", "id", D, "The name, in the form that lists are sorted by", FIND, NAMES, REPLACED),
    Kept(OWN, "email email_key", "id", D, "Email address", TELL, NAMES, REPLACED),
    Kept(OWN, "job_title", "id", D, "Job title", "for badges and lists", NAMES, BLANKED),
    Kept(OWN, "organisation by_organisation", "id", D, "Organisation; stays where several delegates came from it",
         "for badges, lists and figures", NAMES, REPLACED),
    Kept(OWN, "note", "id", D, "The organisers’ note", KEEP_PLACE, NAMES, BLANKED),
    Kept(OWN, "photo_consent", "id", D, "Agreed to be photographed", PROVE, NAMES, BLANKED),
    Kept(OWN, "reference form_key link_version", "id", D, "Reference; keys of the form and the link", KEEP_PLACE,
         NAMES, REPLACED),
    Kept(OWN, "draw_name", "id", D, "Number in the published draw", "to check the draw", NAMES, BLANKED),
    Kept(OWN, "country language any_trip known_before", "id", D,
         "Country; language; any trip is fine; was at an earlier edition", COUNT, None, STAYS),
    Kept(OWN, "consent_version consented_at", "id", D, "The text that was agreed to, and when", PROVE, None, STAYS),
    Kept(OWN, "registered_at ended_at revised_at", "id", D, "When the registration was made, changed or cancelled",
         COUNT, None, STAYS),
    Kept("search_words", "word", OF, D,
         "Names, address, organisation and telephone, in spellings that people may search for", FIND, NAMES, DELETED),
    Kept("tags", "word", OF, D, "The organisers’ tags", FIND, NAMES, DELETED),
    Kept("likely_doubles", "told_apart_at", "first_id", D, "Possible duplicate registrations", FIND, NAMES, DELETED),
    Kept("likely_doubles", "told_apart_at", "second_id", D, "Possible duplicate registrations", FIND, NAMES, DELETED),
    Kept("hand_overs", "before link_version", OF, D,
         "Details of the person who handed the registration over", "so that they can take it back", NAMES, DELETED,
         "the colleague opens it or the edition begins", is_shown=False),
    Kept("untold_news", "news since due_at", OF, D, "News that they have not been told yet", TELL, NAMES, DELETED,
         "they are told"),
    Kept("answers", "text content_hash media_type size", OF, D,
         "Answers to the edition’s own questions, as text or file",
         KEEP_PLACE, NAMES, DELETED, only="text"),
    Kept("answers", "choice waits", OF, D, "Options chosen in the edition’s own questions", COUNT, None, STAYS),
    Kept("claims", "status position offered_at offered_until remind_at changed_at preference used_at position_before"
         " is_hold by_email untold party", OF, D, "Places and seats, positions on waiting lists, choices, when used",
         COUNT, None, STAYS),
    Kept("arrivals", "day at", "claim_id.registration_id", D, "Days of arrival", COUNT, None, STAYS),
    Kept("drawn_delegates", "trip_id", OF, D, "What they got in the draw", COUNT, None, STAYS),
    Kept("letter_recipients", "email_key", OF, D, "Address that a letter went to", "so that nobody gets it twice",
         NAMES, REPLACED),
    Kept("messages", "text html attachments", "about", D, "What emails said", PROVE, EMAILS, BLANKED),
    Kept("messages", "recipient recipient_key mailbox_key recipient_name subject reply_to", "about", D,
         "Recipients and subjects of emails", PROVE, NAMES, REPLACED),
    Kept("messages", "last_error", "about", D, "What the mail server answered", PROVE, NAMES, BLANKED),
    Kept("messages", "about", "about", D, "Reference that an email is about", PROVE, NAMES, REPLACED),
    Kept("messages", "kind queued_at sent_at state", "about", D, "Which emails, when, with what result", COUNT, None,
         STAYS),
    Kept("audit_entries", "actor about details", "about", D, "What was done, by whom, with old and new values", PROVE,
         NAMES, NAMELESS),
    Kept("audit_entries", "at act", "about", D, "Which act, and when", PROVE, None, STAYS),
    Kept("invited_addresses", "email_key", "category_id.edition_id", E, "Addresses invited to a category",
         "to let them register", NAMES, DELETED),
    Kept("saved_views", "query", "edition_id", E, "Words searched for in saved views", FIND, NAMES, NAMELESS),
    Kept("letters", "audience", "edition_id", E, "Recipients of a letter, as picked or searched for", TELL, NAMES,
         NAMELESS),
    Kept("letters", "written_by", "edition_id", E, "Who wrote a letter", PROVE, NAMES, BLANKED),
    Kept("editions", "contact_name contact_email", "id", E, "The edition’s contact", "so that people can reach them",
         NAMES, BLANKED),
    Kept("draws", "names_key", "edition_id", E, "The key to the numbers in a published draw", "to draw", NAMES,
         BLANKED),
    Kept("import_files", "name added_by content_hash table_hash matching fallbacks", "edition_id", E,
         "Files of people to register", "to register them", None, BY_ITSELF, "a day has passed"),
    Kept("proposals", "contact_name contact_email email_key", "id", P, "The proposer’s name and address", CHOOSE, NAMES,
         REPLACED),
    Kept("proposals", "team", "id", P, "The organising team", CHOOSE, NAMES, BLANKED),
    Kept("proposals", "reference form_key link_version", "id", P, "Keys of the form and the link; the reference stays",
         CHOOSE, NAMES, REPLACED),
    Kept("proposals", "organisation city country venue funding travel supporters trip_ideas motivation", "id",
         P, "What was proposed", CHOOSE, None, STAYS),
    Kept("proposals", "co_hosts", "id", P, "Co-hosts, as typed; their names stay, without addresses", CHOOSE, NAMES,
         REPLACED),
    Kept("proposals", "consent_text consented_at public_agreed_at", "id", P, "What was agreed to", PROVE, None, STAYS),
    Kept("co_hosts", "email", BY, P, "Addresses of co-hosts", "to ask them", NAMES, BLANKED),
    Kept("attachments", "name content_hash media_type size added_at", BY, P, "Files attached to a proposal", CHOOSE,
         NAMES, DELETED),
    Kept("questions", "text written_at", BY, P, "Questions and answers about a proposal", CHOOSE, None, STAYS),
    Kept("conflicts", "reason", BY, P, "Conflicts of interest of reviewers", CHOOSE, NAMES, BLANKED,
         is_shown=False),
    Kept("accounts", "name email email_key", "id", A, "Name and email address", VOUCH, NAMES, REPLACED),
    Kept("roles", "role ends_at", "account_id", A, "Roles", VOUCH, None, STAYS),
    Kept("digests", "often looked_at told", "account_id", A, "Emails about what needs attention", TELL,
         NAMES, DELETED),
    Kept("put_off", "key until", "account_id", A, "What was put off", TELL, NAMES, DELETED),
    Kept("reviews", "written_at", "account_id", A, "Reviews, with scores and notes", CHOOSE, None, STAYS),
    Kept("scores", "score note", "review_id.account_id", A, "Scores and notes", CHOOSE, None, STAYS),
    Kept("ballots", "ranking", "account_id", A, "How a member votes", CHOOSE, None, BY_ITSELF, "the count"),
    Kept("sign_in_links", "secret_hash expires_at used_at", "account_id", A, "Sign-in links, as hashes",
         "to sign in", NAMES, DELETED, "the next link is sent"),
    Kept("browser_sessions", "secret_hash browser began_at awaits challenge factor_at", "account_id", A,
         "Where the account is signed in", "to sign in",
         NAMES, DELETED, "they sign out, or 12 hours have passed"),
    Kept("factors", "kind name added_at used_at nonce secret last_step credential public_key sign_count",
         "account_id", A, "Second factors", "to sign in", NAMES, DELETED, "they remove one"),
    Kept("recovery_codes", "code_hash", "account_id", A, "Recovery codes, as hashes", "to sign in", NAMES, DELETED,
         "they use one"),
    Kept("group_invitations", "name email email_key invited_at reminded_at", OF, D, "The invitation to a group", TELL,
         NAMES, DELETED),
    Kept("group_invitations", "name email email_key invited_at reminded_at", "group_id.edition_id", E,
         "People invited by heads of delegations", TELL, NAMES, DELETED),
    Kept("groups", "contact_name email email_key", "edition_id", E, "Contacts of groups, heads of delegations", TELL,
         NAMES, BLANKED),
    Kept("photograph_objections", "email reason", "photograph_id.edition_id", E,
         "Who asked for a photograph to be taken down, and why", "to decide and answer", NAMES, BLANKED,
         "organisers decide"),
    Kept("outcome_parties", "person role", "outcome_id.edition_id", X, "Who signed what was agreed",
         "the network’s memory", None, STAYS, "the network takes it down"),
    Kept("members", "contact_name contact_email", "organisation_id", X, "A member’s contact", TELL, None, STAYS,
         "the chair changes it"),
    Kept("photographs", "photographer", "edition_id", X, "Names of photographers", "to credit them", None, STAYS,
         "organisers remove them"),
    Kept("request_counts", "key count expires", "key", X, "IP addresses, and addresses typed into forms",
         "so that nobody floods the site", None, BY_ITSELF, "at most a day has passed"),
)  # fmt: skip

ELSEWHERE = (
    Place("instance/limits.sqlite", "IP addresses, and addresses typed into forms", "so that nobody floods the site",
          "at most a day has passed, or the person is erased"),
    Place("instance/files/", "Files of proposals and imports, and forms sent after a session had ended",
          "for as long as somebody needs them", "an hour after nothing refers to them; forms for an hour"),
    Place("the log", "What failed, without names, addresses or links", "to fix it",
          "whoever runs the site deletes it"),
    Place("files on organisers’ computers", "Lists that organisers download", "for badges, buses and caterers",
          "organisers delete them after the edition; the site cannot"),
    Place("backups", "Everything, as it was", "to restore it",
          "whoever runs the site deletes them; who has been erased is erased again after a restore"),
)  # fmt: skip

# Every other column. Keys of tables need not be named.
NOT_PERSONAL = {
    "registrations": "revision compared",
    "messages": "message_id scope language sender_name due_at waits_since expires_at lease_until lease_holder attempts"
    " refusals asked_for text_removed_at",
    "audit_entries": "scope",
    "accounts": "created_at",
    "consent_texts": "version language text first_shown_at",
    "organisations": "slug name country is_demo",
    "members": "is_active website",
    "editions": "year ordinal status is_demo city country venue venue_address zone starts_on starts_at ends_on ends_at"
    " summary programme cost languages dress faq registration_opens_at registration_closes_at freezes_at offer_hours"
    " confirms_places registers_at_door asks_questions asks_files companions companion_category trip_mode"
    " trips_open_at trips_close_at trips_drawn_at archived_at"
    " attendance_at_least speakers had_learning_trips revision revised_at",
    "categories": "slug label position state by_invitation code needs_approval",
    "edition_organisers": "position",
    "attending_countries": "country",
    "outcomes": "kind title addressed_to agreed_on changed_at first_status is_published slug source text year",
    "outcome_parties": "country has_signed position signed_on",
    "outcome_follow_up": "noted_on position status text",
    "outcome_files": "content_hash media_type name position size title",
    "edition_documents": "content_hash is_published media_type name position size title",
    "write_ups": "text",
    "fact_sources": "fact source",
    "factor_policy": "chair organiser starts_on",
    "group_members": "is_contact",
    "told_together": "message_id",
    "groups": "ended_at language link_version made_at organisation places reference until",
    "pools": "capacity taken next_position promised",
    "edition_questions": "key position kind caption hint categories shown_when shown_for required required_from_on"
    " frozen_from_on organisers_only retired_at",
    "question_options": "key caption position retired_at waiting_list",
    "saved_views": "name",
    "trips": "slug title description hosts meeting_point starts_at ends_at minimum bring accessibility walking"
    " needs_dietary needs_access takes_companions position cancelled_at revision revised_at",
    # The seed and the document prove the draw; its identifiers lead to nobody without the key.
    "draws": "seed fixed_at document",
    # What organisers write to many.
    "letters": "subject body before anchor anchor_days sent_on hour written_at released_at started_at finished_at"
    " stopped_at",
    "letter_attachments": "content_hash name media_type size added_at",
    "mail_holds": "since",
    "worker_signs": "name seen_at mail_tried_at mail_error mail_taken_at failed_step failed_at rounds round_seconds",
    "site_states": "probed_at trouble",
    "import_files": "added_at done_at",
    "known_columns": "header field",
    "hosting_calls": "year is_demo text zone opens_at closes_at review_opens_at review_closes_at ballot_opens_at"
    " ballot_closes_at quorum proposals_public seed ballot_opened_at counted_at document empty_ballots",
    "criteria": "label weight position",
    "proposals": "status language starts_on ends_on venue_capacity latitude longitude budget_eur created_at touched_at"
    " submitted_at settled_at reminded_at end_told_at",
    "co_hosts": "name asked_at confirmed_at",
    "conflicts": "declared_at",
    "voters": "link_version told_at voted_at struck_at representatives_changed_at reminded_at",
    "decisions": "zone words_to_host words_to_others reason prepared_at announced_at",
    # What hosts write for each other.
    "hand_over_items": "kind topic details text happened_at position owner due_on host_done_at last_host_done_at",
    "hand_over_files": "content_hash name media_type size added_at",
    # Numbers; and names that nobody can make without the key, which is locked with SECRET_KEY.
    "frozen_figures": "frozen_at is_final came_before second_time record",
    "frozen_delegates": "pseudonym",
    "pseudonym_keys": "locked made_at",
    # Who can be seen on them agreed, as organisers say of each.
    "photographs": "state fault name source_hash size added_at tries taken_at position caption alternative licence"
    " people_agreed is_cover published_at hidden_at",
    "photograph_renditions": "format width height size content_hash",
    "photograph_objections": "asked_at hides told_at settled_at",
    "kept_for": "period days",
    "removals": "year period kept_in on number",
    "erasures": "hash erased_at",
}


INTRODUCTION = """\
# What is kept about people

Written from `dofc_events/privacy/kept/rules.py` by `python -m tests.privacy.document`; a test compares the two. Periods
are those of a new site: the chair sets others under **Privacy**, organisers can shorten them for an edition.
[operations.md](operations.md#personal-data) says how it ends, and what to do when somebody asks.
"""


def rows_of(whose: Whose) -> tuple[Kept, ...]:
    """The rows of the table about these people."""
    return tuple(row for row in KEPT if row.whose is whose)


def undecided(table: str, columns: set[str], keys: set[str]) -> set[str]:
    """The columns of a table that nobody has decided about: no key, in no row, and not said to be impersonal."""
    known = {name for row in KEPT if row.table == table for name in row.names}
    return columns - keys - known - set(NOT_PERSONAL.get(table, "").split())


def as_document() -> str:
    """docs/privacy.md."""
    lines = [INTRODUCTION, _table("what", "whose", "where", "why", "until", "then")]
    for row in KEPT:
        until = f"{_said(DEFAULT_DAYS[row.period])} after {COUNTED_FROM[row.whose]}" if row.period else ""
        until = "; sooner if ".join(filter(None, (until, row.until))) if until else row.until
        where = ", ".join(f"`{row.table}.{name}`" for name in row.names)
        lines.append(_line(row.what, row.whose.value, where, row.why, until or "as long as its row", row.ends.value))
    lines += ["\n## Elsewhere\n", _table("where", "what", "why", "until")]
    lines += [_line(place.where, place.what, place.why, place.until) for place in ELSEWHERE]
    lines += ["\n## Not personal\n", "Keys of tables, and:\n"]
    for table, names in sorted(NOT_PERSONAL.items()):
        lines.append(f"- `{table}`: " + ", ".join(f"`{name}`" for name in names.split()))
    return "\n".join(lines) + "\n"


def _said(days: int) -> str:
    months = in_months(days)
    return f"{months} months" if months else f"{days} days"


def _table(*names: str) -> str:
    return f"{_line(*names)}\n{_line(*['---'] * len(names))}"


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
