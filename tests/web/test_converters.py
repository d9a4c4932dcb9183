"""Numbers in addresses: all that a row can have, and no more."""

import pytest
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
