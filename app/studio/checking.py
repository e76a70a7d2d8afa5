"""Judge a draft: every check and proof that stands between a drawing and the office."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Protocol

from app.core.errors import Refusal
from app.policy.calendar import add_working_days
from app.policy.packs import Pack, PackError, load_files
from app.runtime import judging
from app.runtime.definitions import MODEL_FOLDERS
from app.ui import forms
from workflows.model import replays, table_tests
from workflows.model.judge import SECONDS
from workflows.model.judge import judge as engine_judge
from workflows.model.search import LIMIT
from workflows.model.watch import Watch
from workflows.types import Finding, Verdict

BOUND = {"states": LIMIT, "seconds": SECONDS}
"""How far a proof goes; what it has not seen by then it does not know."""
LAWFUL = frozenset({"holds", "holds-under"})


@dataclass(frozen=True, slots=True)
class Report:
    """What is wrong with a draft, and what is proved of it."""

    findings: tuple[Finding, ...]
    verdicts: tuple[Verdict, ...]
    seconds: float
    states: int = 0
    """Situations that the proofs have looked at; `LIMIT` at most for one question, `SECONDS` for all."""

    @property
    def errors(self) -> list[Finding]:
        """What has to be mended before anything else."""
        return [one for one in self.findings if one.severity == "error"]

    @property
    def broken(self) -> list[Verdict]:
        """Constraints of the law that do not hold, or are not known to hold."""
        return [one for one in self.verdicts if one.outcome not in LAWFUL]

    @property
    def drawing_only(self) -> list[Verdict]:
        """Broken ones that no data lead to: a second person may accept them, with a reason."""
        return [one for one in self.broken if one.replay == "drawing-only"]

    @property
    def ok(self) -> bool:
        """Nothing stands against publishing."""
        return not self.errors and not self.broken

    def require_acceptable(self) -> None:
        """Refuse what may not be published even with a second person's reason.

        Raises:
            Refusal: names the first things to mend.
        """
        hard = [one for one in self.broken if one not in self.drawing_only]
        told = [one.message for one in self.errors] + [f"{one.text}（{one.ref}）" for one in hard]
        if told:
            more = f" 等 {len(told)} 项" if len(told) > 3 else ""
            raise Refusal(
                f"检查没有通过，不能提交和发布：{'；'.join(told[:3])}{more}。",
                rule=hard[0].ref if hard and not self.errors else None,
            )

    def document(self) -> dict[str, Any]:
        """As scripts read it."""
        return {
            "ok": self.ok,
            "findings": [asdict(one) for one in self.findings],
            "verdicts": [asdict(one) for one in self.verdicts],
            "seconds": round(self.seconds, 2),
            "states": self.states,
            "bound": BOUND,
        }


class Subject(Protocol):
    """What is judged: a draft, or a version."""

    @property
    def pack_key(self) -> str:
        """Its policy pack."""

    @property
    def process_key(self) -> str:
        """The process that starts."""


def key_of(files: Mapping[str, bytes], draft: Subject) -> str:
    """One word for the content that is judged."""
    return f"{draft.pack_key} {draft.process_key} {fingerprint(files)}"


def judge(files: Mapping[str, bytes], draft: Subject, watch: Watch | None = None) -> Report:
    """Check the files of a draft (检查): drawings, tables, forms, the pack's own rules, the law's order.

    What was judged once is remembered by its content.

    Args:
        watch: tells another thread how far it is, and stops it; what was stopped is not remembered.
    """
    key = key_of(files, draft)
    with _lock:
        if key in _known:
            _known.move_to_end(key)
            return _known[key]
    report = _judge(files, draft, watch)
    if watch is not None and watch.stopped:
        return report
    with _lock:
        _known[key] = report
        while len(_known) > REMEMBERED:
            _known.popitem(last=False)
    return report


REMEMBERED = 64
_known: OrderedDict[str, Report] = OrderedDict()
_lock = threading.Lock()


def fingerprint(files: Mapping[str, bytes]) -> str:
    """One word for the content of all files."""
    made = hashlib.sha256()
    for name, data in sorted(files.items()):
        made.update(f"{name}\0{len(data)}\0".encode())
        made.update(data)
    return made.hexdigest()


def _judge(files: Mapping[str, bytes], draft: Subject, watch: Watch | None) -> Report:
    begun = time.perf_counter()
    pack, wrong = _pack(files, draft.pack_key)
    models = {n: d for n, d in files.items() if n.split("/")[0] in MODEL_FOLDERS}
    said = engine_judge(models, judging.context(pack, start=draft.process_key), watch=watch)
    findings = (
        *wrong,
        *said.findings,
        *_forms(files),
        *table_tests.findings(files),
        *replays.findings(files, _working_days),
    )
    return Report(findings, said.verdicts, time.perf_counter() - begun, said.states)


def _working_days(day: date, n: int) -> Sequence[date]:
    return add_working_days(day, n).days


def _pack(files: Mapping[str, bytes], key: str) -> tuple[Pack | None, list[Finding]]:
    """The pack a draft makes, by the loader's own rules: a lower layer only tightens, every figure has its source."""
    name = f"{key}/pack.yaml"
    try:
        return load_files(files, key), []
    except PackError as error:
        return None, [Finding(name, 0, "", "error", "pack", str(error))]
    except (KeyError, TypeError, ValueError, AttributeError):
        return None, [Finding(name, 0, "", "error", "pack", "政策包的 pack.yaml 不完整，请检查")]


def _forms(files: Mapping[str, bytes]) -> Iterator[Finding]:
    for name, data in files.items():
        key = name.removeprefix("form/").removesuffix(".json")
        if name != f"form/{key}.json" or key.endswith(".ui"):
            continue
        try:
            forms.load(data, files.get(f"form/{key}.ui.json", b"{}"), key)
        except forms.FormError as error:
            yield Finding(name, 0, key, "error", "form", str(error))
