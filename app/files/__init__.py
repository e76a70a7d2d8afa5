"""Uploads: in the database by content hash, written in the transaction of the row that names them."""
