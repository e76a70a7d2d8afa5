"""Run models: the only place, with `workflows.model` and `workflows.repair`, that knows SpiffWorkflow."""

from workflows.engine.model import Model
from workflows.engine.moving import Back, resume, send_back
from workflows.engine.running import cancel, complete, fire_timers, look, start

__all__ = ["Back", "Model", "cancel", "complete", "fire_timers", "look", "resume", "send_back", "start"]
