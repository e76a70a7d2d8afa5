"""Forms as data: JSON Schema says what is valid, a UI file says how it looks, both are checked on the server."""

from __future__ import annotations

from app.ui.forms.casting import cast, complete
from app.ui.forms.checking import check, errors_by_field, faults_of
from app.ui.forms.model import Fact, FactTable, Form, FormError, defaults, load

__all__ = [
    "Fact",
    "FactTable",
    "Form",
    "FormError",
    "cast",
    "check",
    "complete",
    "defaults",
    "errors_by_field",
    "faults_of",
    "load",
]
