"""What the page of a case tells besides where it stands: one module a part."""
