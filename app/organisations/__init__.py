"""Organisations: who may provide, what they can do, how they have done."""
