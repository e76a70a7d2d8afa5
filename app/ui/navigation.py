"""The ways through the house, as the page frames draw them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class NavItem:
    """One way: `key` is compared with the page's `active`, `count` shown when there is something to do."""

    key: str
    label: str
    icon: str
    href: str
    count: int = 0


NavGroup: TypeAlias = tuple[str, Sequence[NavItem]]
"""(heading, ways); an empty heading shows none."""
