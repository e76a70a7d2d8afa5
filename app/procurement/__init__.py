"""Procurement: method, call, sealed bids, opening, scoring, award."""
