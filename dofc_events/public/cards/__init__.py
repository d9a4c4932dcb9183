"""Pictures that messengers show beside links to editions and outcomes."""
