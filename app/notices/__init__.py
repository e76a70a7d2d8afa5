"""Notices (公示公告) with their period, and what people say about them (异议、询问、质疑)."""
