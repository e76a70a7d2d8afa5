"""What the house knows around a model: the catalogue of forms and operators, and the pack's lanes and law."""

from __future__ import annotations

from app.policy.packs import Pack
from app.runtime import handlers
from workflows.model.context import Context, OperatorFacts


def context(pack: Pack | None, *, start: str | None = None, alone: bool = False) -> Context:
    """The surroundings in which a model is judged.

    Args:
        pack: whose lanes and constraints count; None for a model without a pack.
        start: the process to prove, None for each that no other calls.
        alone: a single file judged without its neighbours.
    """
    return Context(
        lanes=pack.lanes if pack is not None else None,
        forms={one.key: one.outputs for one in handlers.form_handlers()},
        operators={
            one.name: OperatorFacts(tuple(one.parameters), one.outputs, one.echoes)
            for one in handlers.operators()
        },
        constraints=pack.constraints if pack is not None else {},
        start=start,
        initial=handlers.first_variables(),
        alone=alone,
    )
