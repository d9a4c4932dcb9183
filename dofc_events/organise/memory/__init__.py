"""Writing up an edition: its outcomes, photographs and figures."""
