"""Tests. They mirror dofc_events/; `support` is what they share."""
