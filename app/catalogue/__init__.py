"""Lists of what may be bought, and the library of designed services."""
