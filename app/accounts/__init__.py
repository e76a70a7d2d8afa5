"""Org units, people, roles, login."""
