"""How long the draw of the learning trips takes."""

import random
import time

from dofc_events.trips.draw.rules import Seats, Wishes, draw


def draw_seconds(people: int, trips: int = 12) -> float:
    """The seconds of one draw: some trips are much liked, and seven in ten people can get a seat."""
    chance = random.Random(2010)
    slugs = [f"trip-{number}" for number in range(1, trips + 1)]
    liking = [1 / number for number in range(1, trips + 1)]
    seats = [Seats(slug, people * 7 // (10 * trips)) for slug in slugs]
    wishes = [
        Wishes(
            id=f"person-{number}",
            # A trip named twice counts once.
            wishes=tuple(dict.fromkeys(chance.choices(slugs, liking, k=chance.randint(1, 6)))),
            any_other=chance.random() < 0.2,
            missed=chance.random() < 0.1,
        )
        for number in range(people)
    ]
    started = time.perf_counter()
    draw(seats, wishes, "benchmark")
    return time.perf_counter() - started
