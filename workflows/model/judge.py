"""Judge a model: all checks and all proofs in one call, for the studio, the command line and publishing."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from workflows.model import law, reading
from workflows.model.check import check_bundle, in_order
from workflows.model.context import Context, OperatorFacts
from workflows.model.graph import Bundle
from workflows.model.law import Law, Rule
from workflows.model.net import Net, Unprovable
from workflows.model.proof import Proof
from workflows.model.replay import Replay
from workflows.model.sound import SERIOUS, TEXTS, Fault, plain
from workflows.model.watch import Until, Watch
from workflows.types import Finding, Judgement, Verdict

__all__ = ["Context", "OperatorFacts", "judge"]

SOUND: Final = "SOUND"
SOUND_TEXT: Final = "无论怎样办理，流程总能办完，不卡住、不漏办、不重复"
SECONDS: Final = 6.0
REPLAY_SHARE: Final = 0.7
"""What replays may take of that time besides."""
FATAL: Final = frozenset(
    {"missing-call", "recursive-call", "dangling-flow", "no-start", "no-process", "boundary"}
)
"""Findings after which there is no whole diagram to prove anything of."""


def judge(
    files: Mapping[str, bytes],
    context: Context | None = None,
    *,
    seconds: float = SECONDS,
    watch: Watch | None = None,
) -> Judgement:
    """Everything wrong with a model, and what is proved of it; nothing raises.

    Args:
        files: contents by name: .bpmn, .dmn, and forms as `form/<key>.json`.
        seconds: how long the proofs may take together; what is not known by then is unknown.
        watch: tells another thread how far it is; what is stopped by it is unknown.
    """
    begun, surroundings, watch = time.perf_counter(), context or Context(), watch or Watch()
    bundle, found = reading.read(files)
    found += check_bundle(files, bundle, found, surroundings)
    told = law.read(surroundings.constraints)
    found += told.problems
    found += _unknown_selectors(told, bundle, surroundings)
    verdicts: list[Verdict] = []
    states = 0
    starts = bundle.starts() if surroundings.start is None else [surroundings.start]
    watch.findings = tuple(in_order(list(found)))
    watch.total = len(starts) * (1 + len(told.rules))
    broken = {one.rule for one in found} & FATAL or any(
        one.rule in ("xml", "bpmn", "decision") for one in found
    )
    for start in starts:
        if broken or start not in bundle.processes:
            verdicts += _unknown(told, start)
            continue
        try:
            own = bundle.reached(start)
            proof = Proof(own, surroundings, told, start, Until(seconds / len(starts), watch))
            more, said = _prove(proof, own, files, REPLAY_SHARE * seconds / len(starts), watch)
            states += proof.states
        except RecursionError:  # calls inside calls, hundreds deep
            more, said = [], list(_unknown(told, start))
        found += more
        verdicts += said
    return Judgement(
        tuple(_without_echo(in_order(found))), tuple(verdicts), states, time.perf_counter() - begun
    )


def _unknown(told: Law, start: str) -> Iterator[Verdict]:
    """Nothing is known of a model that is not whole."""
    yield Verdict(SOUND, "", SOUND_TEXT, "unknown", process=start)
    for rule in told.rules:
        yield Verdict(rule.id, rule.ref, rule.text, "unknown", process=start)


def _prove(
    proof: Proof, bundle: Bundle, files: Mapping[str, bytes], replaying: float, watch: Watch
) -> tuple[list[Finding], list[Verdict]]:
    try:
        faults, net = proof.soundness()
    except Unprovable as error:
        process = bundle.processes[proof.start]
        line = process.xml.sourceline or 0
        told = Finding(process.file, line, error.element, "error", "unprovable", f"不能证明：{error}")
        return [told], list(_unknown(proof.law, proof.start))
    replay = Replay(
        bundle,
        proof.context,
        files,
        proof.start,
        proof.elements,
        replaying,
        watch,
    )
    proof.walk = replay.walk
    faults = [replace(fault, path=proof.whole(fault.path)) for fault in faults]
    walked = {fault: replay.walk(fault.path, fault.kind) for fault in faults if fault.kind in SERIOUS}
    found = [worded(_finding(fault, net, bundle, proof.start), walked.get(fault, "")) for fault in faults]
    dead = {fault.element for fault in faults if fault.kind == "dead-step"}
    found += [
        _finding(fault, net, bundle, proof.start, "warning")
        for fault in proof.dead_by_data()
        if fault.element not in dead
    ]
    worst = next((fault for fault in faults if fault.kind in SERIOUS), None)
    unsure = any(fault.kind == "too-many-states" for fault in faults)
    outcome = "broken" if worst is not None else "unknown" if unsure else "holds"
    path = worst.path if worst is not None else ()
    first = Verdict(SOUND, "", SOUND_TEXT, outcome, path, walked[worst] if worst else "", process=proof.start)
    doubtful = any(fault.kind in ("runs-twice", "too-many-states") for fault in faults)
    verdicts = [first]
    for rule in proof.law.rules:
        watch.done += 1
        verdicts.append(_verdict(rule, proof, replay, doubtful=doubtful))
    watch.done += 1
    return found, verdicts


def _verdict(rule: Rule, proof: Proof, replay: Replay, *, doubtful: bool) -> Verdict:
    said = proof.rule(rule)
    kind, path, walked = said.kind, said.path, ""
    if rule.lane is None:
        path = proof.whole(said.path)
        walked = replay.walk(path) if kind == "broken" else ""
    if kind == "holds" and doubtful:
        kind = "unknown"  # a second token is not followed, so an order may be broken unseen
    if kind == "broken" and not said.sure and walked != "real":
        kind, walked = "unknown", ""  # nobody may accept what is not known
    last = proof.elements.get(path[-1]) if path else None
    return Verdict(
        rule.id,
        rule.ref,
        rule.text,
        kind,
        path,
        walked,
        assumption=said.assumption,
        process=proof.start,
        file=last.file if last else proof.bundle.processes[proof.start].file,
        line=last.line if last else 0,
        element=last.id if last else "",
    )


def findings_of(judgement: Judgement) -> list[Finding]:
    """Everything that stands against a model in one list, for readers that know no verdicts."""
    found = list(judgement.findings)
    told = any(one.severity == "error" for one in found)  # that is why soundness is broken or unknown
    for verdict in judgement.verdicts:
        if verdict.outcome not in ("broken", "unknown") or (verdict.id == SOUND and told):
            continue
        way = f"；走法：{' → '.join(verdict.path)}" if verdict.path else ""
        what = "违反" if verdict.outcome == "broken" else "未能证明"
        found.append(
            Finding(
                verdict.file,
                verdict.line,
                verdict.element or verdict.process,
                "error",
                verdict.ref or verdict.id,
                f"{what}“{verdict.text}”（{verdict.ref or verdict.id}）{way}",
                path=verdict.path,
            )
        )
    return in_order(found)


def _finding(fault: Fault, net: Net, bundle: Bundle, start: str, severity: str = "error") -> Finding:
    node = net.elements.get(fault.element)
    path = plain(fault.path)
    if node is None:
        process = bundle.processes[start]
        line, element, file = process.xml.sourceline or 0, start, process.file
    else:
        line, element, file = node.line, node.id, node.file
    text = TEXTS[fault.kind] if node is None else f"“{node.title}”：{TEXTS[fault.kind]}"
    return Finding(file, line, element, severity, fault.kind, text, path=path)


def _without_echo(found: list[Finding]) -> Iterator[Finding]:
    """What the drawing already shows to be unreachable need not be proved dead as well."""
    told = {(one.file, one.element) for one in found if one.rule == "unreachable"}
    seen = set()
    for one in found:
        key = (one.file, one.line, one.element, one.rule, one.message)
        if key not in seen and not (one.rule == "dead-step" and (one.file, one.element) in told):
            seen.add(key)
            yield one


def _unknown_selectors(told: Law, bundle: Bundle, context: Context) -> Iterator[Finding]:
    """Labels that name no form and no operator there is: a rule about them would hold of nothing."""
    if not context.forms and context.operators is None:
        return
    known = {f"form:{key}" for key in (*context.forms, *bundle.forms)}
    known |= {f"operator:{key}" for key in context.operators or ()}
    known |= {f"decision:{key}" for key in bundle.tables} | {f"call:{key}" for key in bundle.processes}
    for label, selectors in told.labels.items():
        for selector in sorted(selectors):
            base = selector.partition("?")[0]
            if base.partition(":")[0] in ("form", "operator", "decision", "call") and base not in known:
                file = next(iter(context.constraints))
                text = f"约束的标签“{label}”指的“{base}”不存在，这条约束不会起作用"
                yield Finding(file, 0, label, "warning", "constraint", text)


def worded(finding: Finding, replay: str) -> Finding:
    """A finding that also says what the replay of its way came to."""
    tail = {"real": "（已按这条路走通，确会发生）", "drawing-only": "（按图可能，按数据走不到）"}.get(
        replay, ""
    )
    return replace(finding, message=finding.message + tail)
