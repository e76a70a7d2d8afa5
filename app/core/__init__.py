"""The ground floor: database, unit of work, clock, refusals, identity. Knows no other room."""
