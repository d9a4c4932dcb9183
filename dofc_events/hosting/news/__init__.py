"""Who else is told what happens to a call: the chair, reviewers, those who vote."""
