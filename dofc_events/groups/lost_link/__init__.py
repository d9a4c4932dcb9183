"""The way back to a group's page for its contact who has lost the link."""
