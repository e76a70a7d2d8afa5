"""Administration: units, people, roles, the pack's figures, the calendar, the audit."""
