"""Who did what, in chains of hashes that show every later change (审计)."""
