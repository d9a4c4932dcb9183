"""Where a call for hosts stands, and what moves it on."""
