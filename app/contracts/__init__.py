"""Contracts with their milestones, payments and settlement: where public money leaves the office."""
