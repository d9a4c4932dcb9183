"""What tests share: databases, a client that checks pages, a mail server, the running site, a browser."""
