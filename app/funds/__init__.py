"""Money: pots, and an append-only double-entry ledger in fen."""
