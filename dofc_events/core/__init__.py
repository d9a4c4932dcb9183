"""What knows no feature and no request: database, clock, errors, tokens, countries, audit."""
