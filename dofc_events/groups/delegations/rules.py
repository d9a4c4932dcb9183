"""The places of a delegation, and how many are left."""

from datetime import timedelta

# What an organiser may promise one organisation.
MAX_PROMISED = 1000
# Nobody is reminded more often.
REMIND_AFTER = timedelta(days=1)
