"""The gallery of an edition, a page for each picture, and the pictures themselves."""
