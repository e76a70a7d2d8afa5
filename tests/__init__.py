"""Tests. Services are watched from here, before any room is imported."""

from tests import reached

reached.watch()
