"""The cockpit: incidents, workers, and the movable clock of the demo."""
