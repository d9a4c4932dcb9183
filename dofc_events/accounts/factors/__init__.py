"""A second factor beside the link in the email: passkeys, codes from an app, and recovery codes."""
