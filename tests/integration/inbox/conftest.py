"""The runtime's office: its people and models serve the desk as well."""

from tests.integration.runtime.conftest import begin, office

__all__ = ["begin", "office"]
