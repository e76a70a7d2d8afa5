"""What residents ask for, before any proposal."""
