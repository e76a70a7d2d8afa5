"""Cases on their diagrams: definitions, cases, tasks, timers, incidents, history."""
