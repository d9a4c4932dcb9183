"""The outbox: messages wait here, rendered and complete, until an email server has taken them. Knows no feature."""
