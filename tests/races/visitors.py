"""Many people at once, each with their own browser, over the network."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar

from tests.support.forms import Form
from tests.support.pages import Client, Page

Subject = TypeVar("Subject")
Result = TypeVar("Result")


def registration_form(client: Client, year: int, email: str, **changes: Any) -> Form:
    """The edition's form, filled in."""
    values = {
        "given_name": "Ana",
        "family_name": email.partition("@")[0],
        "email": email,
        "organisation": "Trakya Cluster",
        "country": "TR",
        "category": "company",
        "consent": True,
    }
    return form_at(client, f"/editions/{year}/register").fill(values | changes)


def form_at(client: Client, path: str) -> Form:
    """The only form on a page, which other tests look at more closely."""
    page = client.get(path, checked=False)
    assert page.status == 200, str(page)
    return page.form()


def send(form: Form) -> Page:
    """Press the form's button, and stay: where it leads is what a race is about."""
    return form.submit(follow=False)


def all_at_once(act: Callable[[Subject], Result], subjects: Iterable[Subject]) -> list[Result]:
    """Everybody acts at the same moment; returns what each of them got, in the order of the subjects."""
    everybody = list(subjects)
    start = Barrier(len(everybody))

    def run(subject: Subject) -> Result:
        start.wait(timeout=60)
        return act(subject)

    with ThreadPoolExecutor(len(everybody)) as pool:
        return list(pool.map(run, everybody))
