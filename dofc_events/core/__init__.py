"""What knows neither features nor requests: database, clock, refusals, tokens, countries, files, audit trail."""
