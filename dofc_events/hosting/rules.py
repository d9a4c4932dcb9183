"""Pure decisions about hosting: states of a proposal, what is missing, what scores add up to."""

import enum
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import mean, median

LOWEST_SCORE, HIGHEST_SCORE = 1, 5
# A draft that its proposer does not save again is deleted, with its files, so long after; they are told before.
KEEP_DRAFTS, TELL_BEFORE_END = timedelta(days=60), timedelta(days=14)
MAX_ATTACHMENTS = 5
# Files of one item of a hand-over list.
MAX_HANDED_OVER = 10
MAX_WEIGHT = 10
# More than any hall holds, and no more than the database counts.
MAX_DELEGATES = 100_000
MAX_BUDGET = 100_000_000
LONGEST_TEXT = 5000
LONGEST_NAME = 200
MAX_CO_HOSTS = 10


class ProposalStatus(enum.StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    UNDER_REVIEW = "under_review"
    SHORTLISTED = "shortlisted"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class ProposalFault(enum.StrEnum):
    """What can be wrong with a proposal's answers, taken together."""

    ENDS_BEFORE_IT_BEGINS = "ends_before_it_begins"
    NOT_IN_THE_YEAR = "not_in_the_year"


class HandOverKind(enum.StrEnum):
    """What an item of a hand-over list is: what the last host did, contacts, lessons learnt, what is still to do."""

    DONE = "done"
    CONTACT = "contact"
    LESSON = "lesson"
    OPEN = "open"


class Interest(enum.StrEnum):
    """Why somebody does not judge a proposal."""

    MEMBER = "own"  # it is their member's, as proposer or as a co-host that has confirmed it
    ADDRESS = "address"  # its contact address is their own
    DECLARED = "declared"  # they have said so


class Side(enum.StrEnum):
    """Who ticks off what is handed over."""

    HOST = "host"
    LAST_HOST = "last_host"


STATUSES_BEFORE: Mapping[ProposalStatus, frozenset[ProposalStatus]] = {
    ProposalStatus.SUBMITTED: frozenset({ProposalStatus.DRAFT}),
    ProposalStatus.UNDER_REVIEW: frozenset({ProposalStatus.SUBMITTED, ProposalStatus.SHORTLISTED}),
    ProposalStatus.SHORTLISTED: frozenset({ProposalStatus.UNDER_REVIEW}),
    ProposalStatus.ACCEPTED: frozenset({ProposalStatus.SHORTLISTED}),
    ProposalStatus.DECLINED: frozenset(
        {ProposalStatus.SUBMITTED, ProposalStatus.UNDER_REVIEW, ProposalStatus.SHORTLISTED}
    ),
    ProposalStatus.WITHDRAWN: frozenset(
        {
            ProposalStatus.DRAFT,
            ProposalStatus.SUBMITTED,
            ProposalStatus.UNDER_REVIEW,
            ProposalStatus.SHORTLISTED,
        }
    ),
}

# What the network has received and nobody has decided about.
PENDING = (ProposalStatus.SUBMITTED, ProposalStatus.UNDER_REVIEW, ProposalStatus.SHORTLISTED)
# What reviewers, and with `proposals_public` everyone, may read.
RECEIVED = (*PENDING, ProposalStatus.ACCEPTED, ProposalStatus.DECLINED)

# What a proposal must say before it is submitted, in the order of the form. Besides, `member` or `organisation`, and
# the consent.
NEEDED_TO_SUBMIT = (
    "contact_name",
    "contact_email",
    "city",
    "country",
    "starts_on",
    "ends_on",
    "venue",
    "venue_capacity",
    "budget_eur",
    "funding",
    "travel",
    "team",
    "motivation",
)


def scope_of(year: int) -> str:
    """What messages and the audit trail call a call for hosts; an edition of the same year has its own."""
    return f"hosting-{year}"


def may_become(status: ProposalStatus, next_status: ProposalStatus) -> bool:
    """Whether a proposal can go from one status to another. Statuses are compared by value."""
    return status in STATUSES_BEFORE.get(next_status, frozenset())


def missing_to_submit(answers: Mapping[str, object]) -> tuple[str, ...]:
    """The names of the form's fields that a proposal still lacks, in the order of the form.

    `answers` maps names of fields to values; `member` is the member's slug or empty, and then `organisation` is needed.
    """
    missing = [name for name in NEEDED_TO_SUBMIT if answers.get(name) in (None, "")]
    if not answers.get("member") and not answers.get("organisation"):
        missing.insert(0, "organisation")
    if not answers.get("consent"):
        missing.append("consent")
    return tuple(missing)


def parse_coordinates(text: str) -> tuple[float, float] | None:
    """Latitude and longitude from a plain pair of degrees such as "44.81, 20.46"; None if they are out of range."""
    found = re.fullmatch(r"\s*([+-]?\d{1,2}(?:\.\d+)?)(?:\s*[,;]\s*|\s+)([+-]?\d{1,3}(?:\.\d+)?)\s*", text)
    if not found:
        return None
    latitude, longitude = float(found[1]), float(found[2])
    return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None


def lines_of(text: str) -> tuple[str, ...]:
    """What was typed one a line, without bullets and empty lines."""
    lines = (re.sub(r"^[\s*•–—-]+", "", line).strip() for line in text.splitlines())
    return tuple(line for line in lines if line)


def co_hosts_in(text: str) -> tuple[tuple[str, str], ...]:
    """Names and addresses of the co-hosts that were typed one a line; without an address it is empty.

    Each name counts once, and none beyond MAX_CO_HOSTS: each may get an email.
    """
    found: dict[str, str] = {}
    for line in lines_of(text):
        address = _address_in(line)
        if name := _name_in(line, address):
            found.setdefault(name[:LONGEST_NAME], address)
    return tuple(found.items())[:MAX_CO_HOSTS]


def without_addresses(text: str) -> str:
    """The co-hosts that were typed one a line, without any address."""
    names = []
    for line in lines_of(text):
        name = line
        while address := _address_in(name):
            name = _name_in(name, address)
        names.append(name)
    return "\n".join(name for name in names if name)


# In steps: an expression for all of a line would look at each letter as often as there are letters.
def _address_in(line: str) -> str:
    return next((part for part in re.split(r"[\s,;<>()]+", line) if "@" in part[1:-1]), "")


def _name_in(line: str, address: str) -> str:
    """A line without its address and what set it apart; brackets that belong to the name stay."""
    before, _, after = line.partition(address) if address else (line, "", "")
    name = " ".join(f"{before.rstrip(' ,;<')} {after.lstrip(' ,;>')}".split())
    # The brackets that the address stood in, alone or behind something.
    name = name.replace("( ", "(").replace(" )", ")").replace("()", "").rstrip(" ,;<>(").lstrip()
    unopened = name.count(")") - name.count("(")
    at_end = len(name) - len(name.rstrip(")"))
    return name[: len(name) - max(0, min(unopened, at_end))].rstrip()


def weighted_score(scores: Mapping[int, int], weights: Mapping[int, int]) -> float:
    """The mean of one review's scores, each criterion counting as often as its weight says.

    Both are by criterion, and a review has a score for each. At least one criterion has a weight above 0.
    """
    return sum(scores[criterion] * weight for criterion, weight in weights.items()) / sum(weights.values())


@dataclass(frozen=True)
class Summary:
    """What several reviews of one proposal come to.

    `spread` is how far the highest is from the lowest, None of a single one; `by_criterion` has the means of each.
    """

    reviews: int
    mean: float
    median: float
    spread: float | None
    by_criterion: Mapping[int, float]


def summary_of(reviews: Sequence[Mapping[int, int]], weights: Mapping[int, int]) -> Summary | None:
    """What the reviews of one proposal come to, each its scores by criterion; None without reviews."""
    if not reviews:
        return None
    weighted = [weighted_score(scores, weights) for scores in reviews]
    return Summary(
        len(weighted),
        mean(weighted),
        median(weighted),
        max(weighted) - min(weighted) if len(weighted) > 1 else None,
        {criterion: mean(scores[criterion] for scores in reviews) for criterion in weights},
    )


def by_score(proposal_ids: Sequence[int], summaries: Mapping[int, Summary]) -> list[int]:
    """The ids with the highest mean first; without a review last, as they were."""
    return sorted(proposal_ids, key=lambda i: -summaries[i].mean if i in summaries else 0)
