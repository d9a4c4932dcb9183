"""The places of a delegation, and how many are left."""

from datetime import timedelta

# What an organiser may promise one organisation.
MAX_PROMISED = 1000
# So many can be invited at once, and nobody is reminded more often.
MAX_INVITED = 20
REMIND_AFTER = timedelta(days=1)
