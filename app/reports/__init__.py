"""Figures for those who lead: what waits, what was spent, what comes too late."""
