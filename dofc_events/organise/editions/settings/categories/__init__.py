"""The part of the settings that says which kinds of delegates there are."""
