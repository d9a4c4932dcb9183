"""Learning trips: visits to companies and clusters around the host city."""
