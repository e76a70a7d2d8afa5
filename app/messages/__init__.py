"""What the application tells people."""
