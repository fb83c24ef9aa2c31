"""Papers that an operator owes, as drafts."""
