"""The outbox: messages wait here, rendered and complete, until a mail server has accepted them. Knows no feature."""
