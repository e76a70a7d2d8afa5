"""Ballots (民主表决、满意度调查): counted votes and surveys with one-time codes."""
