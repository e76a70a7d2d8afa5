"""Projects: from a proposal to the street's decision, and what every later stage looks up."""
