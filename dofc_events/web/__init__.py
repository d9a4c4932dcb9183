"""What all views share: assets, security, errors, forms, page globals."""
