"""Run models: the only place, with `workflows.model` and `workflows.repair`, that knows SpiffWorkflow."""

from workflows.engine.blocks import Region, region
from workflows.engine.model import Model
from workflows.engine.moving import Back, resume, send_back
from workflows.engine.running import cancel, complete, fire_timers, look, start

__all__ = [
    "Back",
    "Model",
    "Region",
    "cancel",
    "complete",
    "fire_timers",
    "look",
    "region",
    "resume",
    "send_back",
    "start",
]
