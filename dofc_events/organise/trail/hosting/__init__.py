"""The words for the trail of a call for hosts."""
