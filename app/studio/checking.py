"""Judge a draft: every check that stands between a drawing and the office."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from workflows.model import table_tests
from workflows.model.check import check
from workflows.types import Finding


@dataclass(frozen=True, slots=True)
class Report:
    """What is wrong with a draft, and what is proved of it."""

    findings: tuple[Finding, ...]
    verdicts: tuple[Any, ...]
    seconds: float

    @property
    def ok(self) -> bool:
        """Nothing stands against publishing."""
        return not any(one.severity == "error" for one in self.findings)

    def document(self) -> dict[str, Any]:
        """As scripts read it."""
        return {
            "ok": self.ok,
            "findings": [asdict(one) for one in self.findings],
            "verdicts": [asdict(one) for one in self.verdicts],
            "seconds": round(self.seconds, 2),
        }


def judge(files: Mapping[str, bytes], process_key: str) -> Report:
    """Check the files of a draft (检查)."""
    begun = time.perf_counter()
    models = {
        name: data
        for name, data in files.items()
        if name.endswith((".bpmn", ".dmn")) or name.startswith("form/")
    }
    findings = (*check(models), *table_tests.findings(files))
    return Report(findings, (), time.perf_counter() - begun)
