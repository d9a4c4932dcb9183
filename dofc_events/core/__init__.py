"""What depends on no feature and no request: database, clock, errors, tokens, countries, audit."""
