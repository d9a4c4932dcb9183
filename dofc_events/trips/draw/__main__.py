"""`python -m dofc_events.trips.draw FILE`: draws again from the file that was published."""

import sys

from dofc_events.trips.draw.rules import main

sys.exit(main())
