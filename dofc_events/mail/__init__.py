"""The outbox: messages wait here, rendered and complete, until a mail server has taken them. Knows no feature."""
