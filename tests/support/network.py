"""The client of `pages`, over the network: for a site that runs in processes of its own."""

import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlencode

from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import encode_multipart
from werkzeug.wrappers import Response

from tests.support.pages import Client


class NetworkClient(Client):
    """One person's browser, somewhere else. `base_url` is where the site answers and where its links lead."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._client: Any = _Browser(base_url)

    def another(self) -> "NetworkClient":
        return NetworkClient(self.base_url)


class _Stay(urllib.request.HTTPRedirectHandler):
    """The client follows redirects itself, to see them."""

    def redirect_request(self, *args: Any) -> None:
        return None


class _Browser:
    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()), _Stay())

    def open(self, path: str, method: str, data: MultiDict | dict | None = None, **options: Any) -> Response:
        pairs = list(data.items(multi=True) if isinstance(data, MultiDict) else (data or {}).items())
        body, headers = urlencode(pairs).encode() if method == "POST" else None, {}
        if any(isinstance(value, tuple) for _, value in pairs):
            sent = [(name, FileStorage(*value) if isinstance(value, tuple) else value) for name, value in pairs]
            boundary, body = encode_multipart(MultiDict(sent))
            headers["Content-Type"] = f"multipart/form-data; boundary={boundary}"
        request = urllib.request.Request(self.base_url + path, body, headers, method=method)
        try:
            answer = self.opener.open(request, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return Response(answer.read(), answer.status, list(answer.headers.items()))
