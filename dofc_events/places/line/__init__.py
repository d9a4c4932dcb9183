"""The waiting list for places at an edition, with parties (people who wait together) and promises (kept places)."""
