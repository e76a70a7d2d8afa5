"""Policy packs: parameters with their source, decision tables, calendar."""
