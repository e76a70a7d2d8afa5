"""Mend running instances: what an operator may do to them that no step of their diagram does."""
