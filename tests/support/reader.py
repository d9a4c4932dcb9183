"""A reader that does what it is told, to be stopped by its limits: `python -m tests.support.reader`."""

import json
import os
import time

from dofc_events.core import limited

# Of the processor; the rest is as everywhere.
limited.CPU_SECONDS = 1


def read(sent: bytes) -> bytes:
    match sent:
        case b"compute":
            while True:
                pass
        case b"allocate":
            return bytes(2 * limited.MEMORY)
        case b"nest":
            return read(sent) + b"."
        case b"fail":
            raise KeyError("what nobody foresaw")
        case b"wait":
            time.sleep(0.5)
    return json.dumps({"environment": sorted(os.environ), "niceness": os.nice(0), "sent": sent.decode()}).encode()


if __name__ == "__main__":
    limited.serve(read)
