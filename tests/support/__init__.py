"""What tests share: databases, a client that checks pages, an email server, the running site, a browser."""
