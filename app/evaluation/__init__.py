"""Acceptance and evaluation (验收与绩效评价): who judges, what they found, what follows, who is told."""
