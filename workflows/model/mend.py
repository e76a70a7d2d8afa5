"""Rewrite an imported model where that is safe, a note for each change; nothing that was drawn is lost.

Each mend answers one `fix` of a finding. What cannot be known (who does a step, what a condition should be) is
never guessed: it stays a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from lxml import etree

from workflows.model import mend_flow as flow
from workflows.model import mend_text as text
from workflows.model.mend_work import Note, Work
from workflows.model.xml import parse
from workflows.types import Finding


def mend(data: bytes, wanted: Iterable[Finding | str]) -> tuple[bytes, tuple[Note, ...]]:
    """The file with the wanted mends made.

    Args:
        wanted: findings (those with a `fix` count) or keys of mends.

    Raises:
        UnsafeXml: the file is no plain, bounded XML.
    """
    keys = {one if isinstance(one, str) else one.fix for one in wanted}
    root = parse(data)
    work = Work(root)
    for key, act in MENDS.items():
        if key in keys:
            act(work)
    if not work.notes:
        return data, ()
    made: bytes = etree.tostring(root.getroottree(), encoding="UTF-8", xml_declaration=True)
    return made, tuple(work.notes)


MENDS: Final[Mapping[str, Callable[[Work], None]]] = {
    "add-id": flow.ids,
    "executable": flow.executable,
    "drop-flow": flow.drop_flows,
    "split-gateway": flow.split,
    "signal-end": flow.signal_ends,
    "add-start": flow.start,
    "add-end": flow.end,
    "quote-timer": text.quote_timers,
    "timer-zone": text.zone_timers,
    "foreign-expression": text.foreign_expressions,
    "retries": text.drop_retries,
    "data-store": text.data_stores,
    "foreign-extension": text.foreign_extensions,
    "add-picture": text.picture,
}
"""The mends in the order in which they are made; the keys are those that findings offer as `fix`."""
