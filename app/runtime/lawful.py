"""What a model may not change, checked before it is deployed: who decides lies in the law, not in the drawing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.core.errors import Decision, no
from workflows.engine import Model

STREET_DECIDES = {
    "review.decide": "立项审议",
    "procurement.award": "确定成交",
    "contract.sign": "签订合同",
    "payment.approve": "审批付款",
}
"""Forms by which the street decides on its own (ZH-02b): they lie in a lane of the street."""


def findings(model: Model, lanes: Mapping[str, str]) -> Iterator[Decision]:
    """Steps that decide outside the street (ZH-02b).

    Args:
        lanes: role by lane name, as the pack says.
    """
    for step in model.steps():
        name = STREET_DECIDES.get(step.form or "")
        if name and not lanes.get(step.lane or "", "").startswith("street."):
            yield no(
                f"“{step.title}”（{name}）画在“{step.lane or '没有泳道'}”，应由镇街自主决定，请移到街道的泳道。",
                "ZH-02b",
                step.element,
            )
