"""The picture that a messenger shows beside a link to a page of ours."""
