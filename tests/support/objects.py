"""A storage that speaks S3, on this machine: moto's server, in a thread."""

import urllib.request
from itertools import count

from moto.server import ThreadedMotoServer

from dofc_events.config import Bucket

REGION = "us-east-1"
_numbers = count(1)


class Storage:
    """It runs until it is stopped; `bucket()` makes another one."""

    def __init__(self) -> None:
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.endpoint = f"http://{host}:{port}"

    def bucket(self, prefix: str = "") -> Bucket:
        bucket = Bucket(f"files-{next(_numbers)}", prefix, self.endpoint, REGION, "key", "secret")
        # What the library cannot do.
        make = urllib.request.Request(f"{self.endpoint}/{bucket.name}", method="PUT")
        with urllib.request.urlopen(make, timeout=10):
            pass
        return bucket

    def stop(self) -> None:
        self._server.stop()


def settings_of(bucket: Bucket) -> dict[str, str]:
    """The settings of a site whose files lie there."""
    return {
        "files_url": f"s3://{bucket.name}/{bucket.prefix}",
        "files_endpoint": bucket.endpoint,
        "files_region": bucket.region,
        "files_key_id": bucket.key_id,
        "files_secret": bucket.secret,
    }
