"""Mend running instances: move them to another version of their model."""

from workflows.repair.migrate import Moved, Obstacle, migrate

__all__ = ["Moved", "Obstacle", "migrate"]
