"""Numbers in addresses: all that a row can have, and no more."""

import pytest
from werkzeug import routing
from werkzeug.exceptions import NotFound

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def addresses(app):
    return app.url_map.bind("dofc.test")


@pytest.mark.parametrize(
    "address", ["/organise/mail/1", "/organise/mail/2147483647", "/editions/1/", "/editions/9999/"]
)
def test_what_a_row_can_have_is_found(addresses, address):
    number = int(address.strip("/").rpartition("/")[2])
    assert number in addresses.match(address)[1].values()


@pytest.mark.parametrize(
    "address", ["/organise/mail/2147483648", "/organise/mail/-1", "/editions/10000/", f"/editions/{'9' * 3000}/"]
)
def test_what_no_row_can_have_is_not_found(addresses, address):
    with pytest.raises(NotFound):
        addresses.match(address)


def test_what_makes_an_address_is_compiled_once_and_when_it_is_asked_for(make_app, monkeypatch):
    compiled, compile_builder = [], routing.Rule._compile_builder

    def noted(rule, append_unknown):
        compiled.append(rule.rule)
        return compile_builder(rule, append_unknown)

    monkeypatch.setattr(routing.Rule, "_compile_builder", noted)
    addresses = make_app().url_map.bind("dofc.test")
    assert compiled == []
    for year in (2026, 2027):
        assert addresses.build("public.edition", {"year": year, "of": "a & b"}) == f"/editions/{year}/?of=a+%26+b"
    assert compiled == ["/editions/<year:year>/"]
