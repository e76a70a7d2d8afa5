"""From diagrams to a net: the meaning of each element, as the engine runs it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Mapping
from typing import Final

from workflows.model.gates import Gates, letters_of
from workflows.model.graph import AUTOMATIC, CONTAINERS, PEOPLE, WAITING, Bundle, Node, Process
from workflows.model.net import Net, Scope, Unprovable
from workflows.model.reminders import telling
from workflows.model.values import Values
from workflows.model.watch import Until

CAUGHT: Final = ("error", "escalation", "cancel")
WRONG: Final = ("link", "compensate", "conditional", "multiple")


def build(
    bundle: Bundle,
    start: str,
    values: Values,
    opaque: Mapping[str, bool] | None = None,
    nonempty: Container[str] = (),
    until: Until | None = None,
) -> Net:
    """The net of a start process with everything it calls.

    Args:
        opaque: called diagrams proved on their own that stand as one step: is there a way without people?
        nonempty: counts of repeated steps that are never zero.
        until: when searches of the net give up.

    Raises:
        Unprovable: a missing or recursive call, or a construct the engine runs wrongly.
    """
    return _Builder(bundle, opaque or {}, nonempty, Net(values, until)).whole(start)


class _Builder(Gates):
    def whole(self, start: str) -> Net:
        net = self.net
        root = self.root = Scope(None, "", self.bundle.processes[start])
        enter = net.place("(start)", root)
        net.initial |= net.place("(case)", root)
        for alternative in self.values.start():
            take, put, clear = net.effect(alternative)
            net.move(net.bits["(case)"] | take, enter | put, clear=clear)
        self._scope(root, (start,), enter, 0)
        net.close()
        return net

    def _scope(self, scope: Scope, above: tuple[str, ...], enter: int, extra: int) -> None:
        """Add every element of a frame; `enter` starts it, `extra` is put besides the first token."""
        process, net = scope.process, self.net
        net.parts[scope.prefix].append(process)
        bounds: dict[str, list[Node]] = defaultdict(list)
        left_out = telling(process)
        nodes = [node for node in process.nodes.values() if node.id not in left_out]
        for node in nodes:
            path = scope.prefix + node.id
            net.elements[path] = node
            _refuse(node, path)
            if node.kind == "boundaryEvent":
                bounds[node.attached].append(node)
        for node in nodes:
            path = scope.prefix + node.id
            if node.kind == "startEvent":
                net.move(enter, self.out(node, scope) | extra, path, letters_of(node))
            elif node.kind != "boundaryEvent" and node.incoming:
                self._node(node, scope, above, bounds[node.id])

    def _node(self, node: Node, scope: Scope, above: tuple[str, ...], bounds: list[Node]) -> None:
        net, path, out = self.net, scope.prefix + node.id, self.out(node, scope)
        inputs = [self.flow(flow, scope) for flow in node.incoming]
        if len(inputs) > 1 and node.kind in CONTAINERS | PEOPLE | WAITING | {"eventBasedGateway"}:
            merged = net.place(f"{path}.in", scope)
            for place in inputs:
                net.move(place, merged)
            inputs = [merged]
        if node.kind == "endEvent":
            for place in inputs:
                self._end(node, scope, place, path)
        elif node.kind == "exclusiveGateway":
            for place in inputs:
                self.choice(node, scope, place, path)
        elif node.kind == "parallelGateway":
            take = 0
            for place in inputs:
                take |= place
            net.move(take, out, path)
        elif node.kind == "inclusiveGateway":
            self.inclusive(node, scope, inputs, path)
        elif node.kind == "eventBasedGateway":
            self.race(node, scope, inputs[0], path)
        elif node.kind in CONTAINERS:
            self._call(node, scope, above, inputs[0], out, bounds)
        elif not _raced(node, scope.process):
            for place in inputs:
                self._task(node, scope, place, out, bounds)

    # --- steps and their boundary events --------------------------------------------------------

    def _task(
        self,
        node: Node,
        scope: Scope,
        place: int,
        out: int,
        bounds: list[Node],
        automatic: bool | None = None,
    ) -> None:
        net, path = self.net, scope.prefix + node.id
        automatic = node.kind in AUTOMATIC if automatic is None else automatic
        letters, armed = letters_of(node), {}
        if node.multi in ("parallel", "sequential") and self._maybe_none(node):
            net.move(place, out, f"{path}#0", covers=False, automatic=automatic)  # nobody to do it
        if bounds or node.multi == "loop":
            running = net.place(path, scope)
            armed = self._armed(bounds, scope)
            net.move(place, running | sum(armed.values()))
            place = running
        if node.kind not in WAITING or self.may_come(node, path):
            for alternative in self.values.of(node):
                take, put, clear = net.effect(alternative)
                told = {f"{one}?{n}={v}" for one in letters for n, v in alternative.writes}
                net.move(
                    place | take,
                    out | put,
                    path,
                    letters | told,
                    automatic=automatic,
                    clear=clear | sum(armed.values()),
                )
        if node.multi == "loop":
            net.move(place, place, path, letters, automatic=False)  # its own bound ends it
        for bound in bounds:
            self._boundary(bound, scope, place, armed, ())

    def _maybe_none(self, node: Node) -> bool:
        """Whether a repeated step may have nobody to do it."""
        return node.times == "0" or not (node.times.isdigit() or node.times in self.nonempty)

    def _armed(self, bounds: list[Node], scope: Scope) -> dict[str, int]:
        return {
            bound.id: self.net.place(f"{scope.prefix}{bound.id}?", scope)
            for bound in bounds
            if not bound.interrupting and bound.event not in CAUGHT
        }

    def _boundary(
        self, bound: Node, scope: Scope, place: int, armed: Mapping[str, int], sweeps: tuple[Scope, ...]
    ) -> None:
        net, path, out = self.net, scope.prefix + bound.id, self.out(bound, scope)
        if bound.event in CAUGHT or not self.may_come(bound, path):
            return
        letters = letters_of(bound)
        if bound.interrupting:
            clear = sum(armed.values())
            net.move(place, out, path, letters, automatic=False, clear=clear, sweeps=sweeps)
            return
        waiting = armed[bound.id]
        repeats = bound.event in ("message", "signal") or bound.timer[0] == "timeCycle"
        again = waiting if repeats else 0
        branch = self._downstream(bound, scope) if repeats else 0  # it may come again once its branch is done
        net.move(place | waiting, place | out | again, path, letters, automatic=False, absent=branch & ~place)

    def _downstream(self, bound: Node, scope: Scope) -> int:
        process, seen, mask = scope.process, set(), 0
        todo = list(bound.outgoing)
        while todo:
            key = todo.pop()
            if key not in seen:
                seen.add(key)
                mask |= self.flow(key, scope)
                target = process.nodes[process.flows[key].target]
                if any(one.attached == target.id for one in process.nodes.values()) or target.body:
                    mask |= self.net.place(scope.prefix + target.id, scope)
                todo += target.outgoing
        return mask

    # --- ends and called diagrams ---------------------------------------------------------------

    def _end(self, node: Node, scope: Scope, place: int, path: str) -> None:
        net, letters = self.net, letters_of(node, "" if scope.parent else "end:case")
        if node.event in CAUGHT:
            self._throw(node, scope, place, path)
        elif node.event == "terminate":
            net.move(place, scope.out, path, letters, clear=scope.armed, sweeps=(scope,))
        elif scope.single:
            net.move(place | scope.active, scope.out, path, letters, clear=scope.armed)
        else:
            net.move(place, 0, path, letters)

    def _throw(self, node: Node, scope: Scope, place: int, path: str) -> None:
        """To the nearest enclosing boundary event that catches it."""
        net, above = self.net, scope
        while True:
            for bound, outside, frame in above.catches:
                if bound.event == node.event and bound.ref in ("", node.ref):
                    caught = outside.prefix + bound.id
                    put = self.out(bound, outside)
                    made = net.move(place, put, path)
                    made.steps, made.letters = (path, caught), (letters_of(node), letters_of(bound))
                    made.covers = {path, caught}
                    if bound.interrupting:
                        made.sweeps, made.clear = (frame,), frame.armed
                    elif scope.single:
                        made.put |= scope.out
                        made.take |= scope.active
                    return
            if above.parent is None:
                break
            above = above.parent
        net.uncaught.append((path, node.ref))
        net.move(place, 0, path, letters_of(node), sweeps=(self.root,))

    def _call(
        self, node: Node, scope: Scope, above: tuple[str, ...], place: int, out: int, bounds: list[Node]
    ) -> None:
        path = scope.prefix + node.id
        target = node.body or self.bundle.processes.get(node.called)
        if target is None:
            raise Unprovable(path, f"调用的流程“{node.called}”不存在")
        if node.called in above:
            raise Unprovable(path, f"流程“{node.called}”自己调用自己")
        if node.called and node.called in self.opaque:
            self._task(node, scope, place, out, bounds, automatic=self.opaque[node.called])
            return
        net, chain = self.net, (*above, node.called or node.id)
        timed = [one for one in bounds if one.event not in CAUGHT]
        inner = Scope(scope, f"{path}/", target)
        inner.catches = [(one, scope, inner) for one in bounds if one.event in CAUGHT]
        armed = self._armed(timed, scope)
        inner.armed = sum(armed.values())
        if node.multi:
            self._repeated(node, inner, chain, place, out)
        else:
            inner.out, enter = out, net.place(f"{path}.enter", inner)
            if timed or not inner.single:
                inner.active = net.place(f"{path}.active", inner)
                net.markers |= inner.active
            net.move(place, enter | inner.active | inner.armed, path, letters_of(node))
            self._scope(inner, chain, enter, 0)
            if not inner.single:
                net.move(inner.active, out, clear=inner.armed, empties=(inner,))
        for bound in timed:
            sweeps = (inner,) if bound.interrupting else ()
            self._boundary(bound, scope, inner.active, armed, sweeps)

    def _repeated(self, node: Node, outer: Scope, chain: tuple[str, ...], place: int, out: int) -> None:
        """A call done several times: no frame, one, two; one after the other: one frame again and again."""
        net, path = self.net, outer.prefix.removesuffix("/")
        outer.active = net.place(f"{path}.active", outer)
        net.markers |= outer.active
        copies = 2 if node.multi == "parallel" else 1
        again = net.place(f"{path}.again", outer) if copies == 1 else 0
        enters = []
        for number in range(copies):
            prefix = f"{path}#{number + 1}/" if copies > 1 else f"{path}/"
            frame = Scope(outer, prefix, outer.process)
            frame.out = again
            enter = net.place(f"{path}.enter{number}", outer)
            enters.append(enter)
            if not frame.single:
                frame.active = net.place(f"{path}.frame{number}", frame)
                net.markers |= frame.active
                net.move(frame.active, frame.out, empties=(frame,))
            self._scope(frame, chain, enter, frame.active)
        letters = letters_of(node)
        if node.multi != "loop" and self._maybe_none(node):
            net.move(place, out, f"{path}#0", covers=False)
        put = outer.active | outer.armed
        for enter in enters:
            put |= enter
            net.move(place, put, path, letters)
        if again:
            net.move(again, enters[0], path, covers=False, automatic=False)  # as often as there are people
            net.move(again, 0)
        net.move(outer.active, out, clear=outer.armed, empties=(outer,))


def _raced(node: Node, process: Process) -> bool:
    """Whether an event is only ever reached through an event gateway, which waits for it."""
    return node.kind in WAITING and all(
        process.nodes[process.flows[flow].source].kind == "eventBasedGateway" for flow in node.incoming
    )


def _refuse(node: Node, path: str) -> None:
    if node.kind in ("complexGateway", "adHocSubProcess") or node.event in WRONG:
        raise Unprovable(path, "引擎不能正确执行这种元素")
    if node.kind == "endEvent" and node.event == "signal":
        raise Unprovable(path, "信号结束事件不会发出信号")
    if node.kind in ("subProcess", "transaction") and node.xml.get("triggeredByEvent") == "true":
        raise Unprovable(path, "不支持事件子流程")
    if node.kind == "boundaryEvent" and not node.attached:
        raise Unprovable(path, "边界事件没有附在步骤上")
