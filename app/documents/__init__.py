"""Printed papers: pages that leave the office as PDF."""
