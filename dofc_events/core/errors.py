"""Named refusals: what a service raises when a rule says no. Views turn them into words."""


class Refusal(Exception):
    """A rule said no. Nothing was changed; the unit of work that raised it was rolled back."""


class ChangedMeanwhile(Exception):
    """What is stored is no longer what the act began with: its entry point reads again, and begins anew."""
