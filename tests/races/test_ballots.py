"""Twenty representatives vote at the same moment, some of them twice: one ballot a member, and the count is right."""

import json
import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise, permutations

import pytest
from sqlalchemy import func, select

from dofc_events.core.audit import WORKER, AuditEntry
from dofc_events.core.clock import now
from dofc_events.hosting.ballots.service import close_ballot
from dofc_events.hosting.models import Ballot, HostingCall, Proposal, Voter
from dofc_events.hosting.queries import ballot_token
from tests.races.visitors import all_at_once, form_at, send
from tests.support.forms import Form
from tests.support.hosting import (
    begin_ballot,
    make_call,
    make_member,
    make_proposal,
    make_representative,
    shortlist_all,
)
from tests.support.network import NetworkClient

MEMBERS, WITH_A_SECOND, TWICE = 12, 8, 6


@pytest.fixture
def links(writing) -> list[tuple[str, str]]:
    """An open ballot; each representative's member and personal link."""
    with writing() as session:
        begun = now() - timedelta(weeks=2, hours=1)
        call = make_call(session, now=begun)
        people = {}
        for number in range(MEMBERS):
            member = make_member(session, f"member-{number:02}", now=begun)
            count = 2 if number < WITH_A_SECOND else 1
            people[member.slug] = [make_representative(session, member, now=begun) for _ in range(count)]
        for city, slug in (("Brno", "member-00"), ("Cluj", "member-11"), ("Lyon", "")):
            make_proposal(session, call, now=begun, city=city, member=slug)
        shortlist_all(session, call)
        voters = begin_ballot(session, call)
        return [(s, f"/hosting/vote/{ballot_token(voters[s], p.id)}") for s, each in people.items() for p in each]


def references(reading) -> list[str]:
    with reading() as session:
        return list(session.scalars(select(Proposal.reference).order_by(Proposal.id)))


def filled_in(url: str, path: str, ranking: Sequence[str]) -> Form:
    return form_at(NetworkClient(url), path).fill(
        {f"preference-{choice}": str(i + 1) for i, choice in enumerate(ranking)}
    )


def some_ranking(chance: random.Random, choices: Sequence[str]) -> list[str]:
    return chance.sample(choices, chance.randint(1, len(choices)))


def winner_by_every_chain(document: dict) -> set[str]:
    """The one that no other is ahead of, found by trying all chains, independently of the program."""
    candidates = [*document["proposals"], "none"]

    def votes(a: str, b: str) -> int:
        wins = 0
        for ballot in document["ballots"]:
            ranking, own = ballot["ranking"], ballot["own"]
            if a in ranking and b not in own:
                wins += b not in ranking or ranking.index(a) < ranking.index(b)
        return wins

    def strength(a: str, b: str) -> int:
        others = [c for c in candidates if c not in (a, b)]
        chains = [(a, *middle, b) for length in range(len(others) + 1) for middle in permutations(others, length)]
        wins = {(x, y): votes(x, y) if votes(x, y) > votes(y, x) else 0 for x, y in permutations(candidates, 2)}
        return max(min(wins[link] for link in pairwise(chain)) for chain in chains)

    return {a for a in candidates if all(strength(a, b) >= strength(b, a) for b in candidates if a != b)}


def close(writing) -> dict:
    """The published ballots, once the worker has counted them."""
    with writing() as session:
        call = session.scalars(select(HostingCall)).one()
        close_ballot(session, call.id, WORKER, call.ballot_closes_at)
        return json.loads(call.document)


def test_each_member_has_one_ballot_and_the_count_is_that_of_an_independent_recount(
    live_server, database_url, links, writing, reading
):
    chance = random.Random(2029)
    site = live_server(database_url, workers=2)
    proposals = references(reading)
    own = {"member-00": proposals[0], "member-11": proposals[1]}
    sent: dict[str, list[list[str]]] = {}
    forms = []
    assert len(links) == MEMBERS + WITH_A_SECOND
    for slug, path in [*links, *links[:TWICE]]:
        ranking = some_ranking(chance, [choice for choice in (*proposals, "none") if choice != own.get(slug)])
        sent.setdefault(slug, []).append(ranking)
        forms.append(filled_in(site.url, path, ranking))
    answers = all_at_once(send, forms)
    # Whoever replaces what a colleague has cast meanwhile is asked first.
    asked = [answer for answer in answers if answer.status == 422]
    assert {answer.status for answer in answers} <= {303, 422} and len(asked) <= WITH_A_SECOND + TWICE
    for page in asked:
        while page.status == 422:
            page = send(page.form())
        assert page.status == 303
    with reading() as session:
        cast = dict(session.execute(select(Voter.id, Ballot.ranking).join(Voter, Voter.id == Ballot.voter_id)).all())
        voters = {voter.organisation.slug: voter for voter in session.scalars(select(Voter))}
        acts = select(AuditEntry.act, func.count()).where(AuditEntry.act.startswith("ballot_c"))
        trail = dict(session.execute(acts.group_by(AuditEntry.act)).all())
    assert len(cast) == MEMBERS
    assert all(cast[voters[slug].id] in rankings for slug, rankings in sent.items())
    assert trail["ballot_cast"] == MEMBERS
    document = close(writing)
    assert sorted(ballot["ranking"] for ballot in document["ballots"]) == sorted(cast.values())
    assert document["result"][0] in winner_by_every_chain(document)
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Ballot)) == 0
        assert all(voter.voted_at for voter in session.scalars(select(Voter)))


def test_who_votes_while_the_ballots_are_counted_is_counted_or_told_that_it_is_over(
    live_server, database_url, links, writing, reading
):
    site = live_server(database_url, workers=2)
    lyon = references(reading)[2]
    firsts = dict(reversed(links))
    forms = [filled_in(site.url, path, [lyon]) for path in firsts.values()]
    with ThreadPoolExecutor(1) as worker:
        counting = worker.submit(close, writing)
        answers = all_at_once(send, forms)
        document = counting.result()
    statuses = [answer.status for answer in answers]
    assert set(statuses) <= {303, 403}
    assert len(document["ballots"]) == statuses.count(303)
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Ballot)) == 0
        voted = session.scalars(select(Voter).where(Voter.voted_at.is_not(None))).all()
        assert len(voted) == len(document["ballots"])
