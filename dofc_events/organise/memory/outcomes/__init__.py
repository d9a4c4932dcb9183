"""The outcomes of an edition: written, published, followed up."""
