"""The stages of a call for hosts, and what moves it on."""
