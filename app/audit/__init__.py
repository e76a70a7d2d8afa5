"""Who did what, when: an append-only log in hash chains."""
