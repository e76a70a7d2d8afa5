"""The desk: what waits for me, the task page, the case page."""
