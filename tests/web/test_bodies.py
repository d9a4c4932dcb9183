"""What is sent that no form of ours sends: it is refused like an empty form, and is nobody's fault."""

import pytest

JSON = {"content_type": "application/json"}


@pytest.mark.parametrize("body", ["[1]", "1", "null", "{", "[" * 100_000, '{"email": ["ana@dofc.test"]}'])
@pytest.mark.parametrize("path", ["/sign-in", "/hosting/lost-link"])
def test_json_is_no_form(client, path, body):
    assert client.open("POST", path, data=body, **JSON).status == 400
