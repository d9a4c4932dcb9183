"""How often a lot decides who hosts: random elections, counted by the rule itself."""

import random
from collections import Counter

from dofc_events.hosting.ballots.rules import NONE_OF_THESE, Decided, RankedBallot, count

ELECTIONS, MEMBERS = 1000, 8


def first_places(proposals: int) -> Counter[Decided]:
    """What gave the first place in how many elections, where each member ranks everything at random."""
    chance, decided = random.Random(2029), Counter[Decided]()
    everything = [*("brno", "cluj", "lyon", "riga", "turin")[:proposals], NONE_OF_THESE]
    for number in range(ELECTIONS):
        ballots = [RankedBallot(tuple(chance.sample(everything, len(everything)))) for _ in range(MEMBERS)]
        decided[count(everything, ballots, str(number)).rounds[0].decided] += 1
    return decided
