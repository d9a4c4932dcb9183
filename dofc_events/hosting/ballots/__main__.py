"""`python -m dofc_events.hosting.ballots FILE`: counts again from the ballots that were published."""

import sys

from dofc_events.hosting.ballots.rules import main

sys.exit(main())
