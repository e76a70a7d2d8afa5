"""What can go wrong, in the words of the person who has to mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class ZhenjieError(Exception):
    """Base of all errors this application raises on purpose."""

    status = 500


class Refusal(ZhenjieError):
    """A rule says no; nothing has happened.

    Args:
        message: plain Chinese that says what to do.
        field: name of the form field it belongs to (`amount`, `budget-0-price`), or None.
        rule: requirement id (`ZH-23a`) or law row (`L-41`) that refuses, or None.
    """

    status = 422

    def __init__(self, message: str, *, field: str | None = None, rule: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.rule = rule

    @property
    def errors(self) -> tuple[Refusal, ...]:
        """All single refusals in this one."""
        return (self,)


class Refusals(Refusal):
    """Several refusals of one act, told together."""

    def __init__(self, errors: Iterable[Refusal]) -> None:
        self._errors = tuple(errors)
        first = self._errors[0]
        super().__init__("；".join(e.message for e in self._errors), field=first.field, rule=first.rule)

    @property
    def errors(self) -> tuple[Refusal, ...]:
        return self._errors


class Conflict(Refusal):
    """Somebody was faster, or the thing is no longer in the state the actor saw."""

    status = 409


class Forbidden(Refusal):
    """The actor may see this but not do it; the message is the reason."""

    status = 403


class NotFound(Refusal):
    """Not there, or not for these eyes: both look the same."""

    status = 404

    def __init__(self, message: str = "没有找到您要的内容，可能已被移走，或您没有查看权限。") -> None:
        super().__init__(message)


class Fault(ZhenjieError):
    """Something is broken (expression, decision table, handler): rolled back, then an incident."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer of a rule: allowed or not, why, and by which rule."""

    allowed: bool
    reason: str = ""
    ref: str | None = None
    field: str | None = None

    def __bool__(self) -> bool:
        return self.allowed

    def require(self) -> None:
        """Raise the refusal this decision stands for, if it is one."""
        if not self.allowed:
            raise Refusal(self.reason, field=self.field, rule=self.ref)


YES = Decision(True)


def no(reason: str, ref: str | None = None, field: str | None = None) -> Decision:
    """A negative decision."""
    return Decision(False, reason, ref, field)


def require_all(decisions: Iterable[Decision]) -> None:
    """Raise every negative decision at once, so that a person mends all in one go.

    Raises:
        Refusals: if at least one decision is negative.
    """
    refused = [Refusal(d.reason, field=d.field, rule=d.ref) for d in decisions if not d]
    if refused:
        raise Refusals(refused)


class Unavailable(ZhenjieError):
    """The database is away or too busy; whether the last act holds is not known, sending it again is safe."""

    status = 503

    def __init__(self) -> None:
        super().__init__(
            "系统暂时繁忙，没有确认您的操作是否生效。请稍等片刻，在原页面再提交一次，不会重复办理。"
        )
