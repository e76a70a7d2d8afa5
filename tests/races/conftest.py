"""The office of the runtime's own tests."""

from tests.integration.runtime.conftest import begin, office

__all__ = ["begin", "office"]
