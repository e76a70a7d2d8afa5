"""Reading models safely: XML, decision tables, checks."""
