"""Uploads, kept by content in the database (附件)."""
