"""The closed expression language of conditions, parameters, timers and decision tables.

A small part of Python: names, constants, comparisons, arithmetic, lists, and a fixed list of functions.
No attributes, no loops, no imports, bounded size and cost. Whoever edits a diagram cannot leave it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import lru_cache
from types import CodeType
from typing import Any, Final

from workflows.errors import ExpressionError

MAX_SOURCE: Final = 4000
MAX_NUMBER: Final = 10**24
MAX_LENGTH: Final = 10_000
MAX_WEIGHT: Final = 20_000
MAX_DAYS: Final = 1000
SHANGHAI: Final = timezone(timedelta(hours=8))

clock: ContextVar[Callable[[], datetime]] = ContextVar("clock", default=lambda: datetime.now(UTC))
"""The present as the running step sees it."""

ALLOWED: Final = (
    ast.Expression, ast.Module, ast.Assign, ast.If, ast.Expr, ast.Pass, ast.Name, ast.Load, ast.Store,
    ast.Constant, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.UAdd, ast.BinOp, ast.Add,
    ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE,
    ast.Gt, ast.GtE, ast.In, ast.NotIn, ast.Is, ast.IsNot, ast.IfExp, ast.Call, ast.List, ast.Tuple,
    ast.Dict, ast.Subscript, ast.keyword,
)  # fmt: skip


def _number(value: object) -> int | Decimal:
    found = Decimal(str(value))
    if not found.is_finite() or abs(found.adjusted()) > 24:
        raise OverflowError("数字过大")
    return int(found) if found == found.to_integral_value() else found


def _day(value: object) -> date:
    return date.fromisoformat(str(value)[:10])


def _today() -> date:
    return clock.get()().astimezone(SHANGHAI).date()


def weekdays(day: date, n: int) -> list[date]:
    """The n days from Monday to Friday after a day: working days where nobody brings a calendar."""
    found: list[date] = []
    while len(found) < n:
        day += timedelta(days=1)
        if day.weekday() < 5:
            found.append(day)
    return found


calendar: ContextVar[Callable[[date, int], Sequence[date]]] = ContextVar("calendar", default=weekdays)
"""The next n working days after a day, as the office that runs the step counts them."""


def _due_in(n: object) -> str:
    """The last second of the n-th working day from today on."""
    return datetime.combine(_working_days(n)[-1], time(23, 59, 59), SHANGHAI).isoformat()


def _due_soon(n: object) -> str:
    """Nine in the morning of the last working day but one of n."""
    days = _working_days(n)
    return datetime.combine(days[-2] if len(days) > 1 else days[-1], time(9), SHANGHAI).isoformat()


def _working_days(n: object) -> Sequence[date]:
    count = int(str(n))
    if not 1 <= count <= MAX_DAYS:
        raise ValueError(f"工作日数须在 1 到 {MAX_DAYS} 之间")
    return calendar.get()(_today(), count)


def _add(left: Any, right: Any) -> Any:
    total = left + right
    if isinstance(total, str | list | tuple) and len(total) > MAX_LENGTH:
        raise OverflowError("内容过长")
    return _bounded(total)


def _multiply(left: Any, right: Any) -> Any:
    if isinstance(left, str | list | tuple) or isinstance(right, str | list | tuple):
        raise TypeError("文字和列表不能相乘")
    return _bounded(left * right)


def _modulo(left: Any, right: Any) -> Any:
    if isinstance(left, str):
        raise TypeError("不能这样拼接文字")
    return left % right


def _bounded(value: Any) -> Any:
    if isinstance(value, int) and abs(value) > MAX_NUMBER:
        raise OverflowError("数字过大")
    return value


FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "len": len, "min": min, "max": max, "sum": sum, "abs": abs, "round": round, "str": str, "int": int,
    "bool": bool, "any": any, "all": all, "sorted": sorted, "number": _number, "date": _day,
    "today": _today, "days_between": lambda a, b: (_day(b) - _day(a)).days,
    "count": lambda values, value: list(values).count(value),
    "get": lambda mapping, key, default=None: mapping.get(key, default),
    "iso_days": lambda n: f"P{int(n)}D", "due_in": _due_in, "due_soon": _due_soon,
}  # fmt: skip
CONSTANTS: Final[Mapping[str, Any]] = {"true": True, "false": False, "null": None}
HIDDEN: Final[Mapping[str, Callable[..., Any]]] = {"_add": _add, "_multiply": _multiply, "_modulo": _modulo}
OPERATORS: Final[Mapping[type[ast.operator], str]] = {
    ast.Add: "_add",
    ast.Mult: "_multiply",
    ast.Mod: "_modulo",
}
BASE: Final[Mapping[str, Any]] = {"__builtins__": {}, **CONSTANTS, **FUNCTIONS, **HIDDEN}


class _Bound(ast.NodeTransformer):
    """Sends addition, multiplication and modulo through functions that bound their result."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        name = OPERATORS.get(type(node.op))
        if name is None:
            return node
        call = ast.Call(ast.Name(name, ast.Load()), [node.left, node.right], [])
        return ast.copy_location(call, node)


def check(source: str, mode: str = "eval") -> frozenset[str]:
    """Names of the variables an expression ("eval") or script ("exec") reads.

    Raises:
        ExpressionError: not in the closed language.
    """
    return _compile(source, mode)[1]


def evaluate(source: str, names: Mapping[str, Any]) -> Any:
    """The value of an expression over variables.

    Raises:
        ExpressionError: not in the closed language, an unknown variable, or a failing computation.
    """
    code, used = _compile(source, "eval")
    missing = sorted(name for name in used if name not in names)
    if missing:
        raise ExpressionError(f"表达式“{source}”用到的变量还没有值：{'、'.join(missing)}")
    scope = {**BASE, **{name: names[name] for name in used}}
    try:
        return _weighed(eval(code, scope))  # noqa: S307 - the compiled tree holds only the closed language
    except ExpressionError:
        raise
    except Exception as error:
        raise ExpressionError(f"表达式“{source}”计算出错：{_said(error)}") from error


def execute(source: str, names: Mapping[str, Any]) -> dict[str, Any]:
    """The variables a script (assignments and conditions only) sets.

    Raises:
        ExpressionError: as `evaluate`.
    """
    code, _ = _compile(source, "exec")
    scope = {**BASE, **{name: value for name, value in names.items() if name not in BASE}}
    try:
        exec(code, scope)  # noqa: S102 - the compiled tree holds only the closed language
    except NameError as error:
        raise ExpressionError(f"脚本用到的变量还没有值：{error.name}") from error
    except Exception as error:
        raise ExpressionError(f"脚本计算出错：{_said(error)}") from error
    changed = {
        name: value
        for name, value in scope.items()
        if name not in BASE and (name not in names or names[name] is not value)
    }
    _weighed(changed)
    return changed


def _said(error: Exception) -> str:
    """What went wrong in the office's words; Python's own are English."""
    text = str(error)
    if any("\u4e00" <= sign <= "\u9fff" for sign in text):
        return text
    if isinstance(error, TypeError):
        return "类型不合，例如拿文字和数字比较"
    if isinstance(error, ZeroDivisionError):
        return "除数为零"
    return "取值不合要求"


@lru_cache(maxsize=8192)
def _compile(source: str, mode: str) -> tuple[CodeType, frozenset[str]]:
    if len(source) > MAX_SOURCE:
        raise ExpressionError("表达式过长")
    try:
        tree = ast.parse(source.strip(), mode=mode)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(
            f"表达式写法有误：{source.strip()[:80]}", getattr(error, "lineno", 1) or 1
        ) from error
    for node in ast.walk(tree):
        _require_allowed(node)
    names = frozenset(
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    )
    bound = ast.fix_missing_locations(_Bound().visit(tree))
    return compile(bound, "<expression>", mode), frozenset(names - FUNCTIONS.keys() - CONSTANTS.keys())


def _require_allowed(node: ast.AST) -> None:
    line = getattr(node, "lineno", 1)
    if not isinstance(node, ALLOWED):
        raise ExpressionError(f"表达式里不能使用 {type(node).__name__}", line)
    if isinstance(node, ast.Name):
        if node.id.startswith("_"):
            raise ExpressionError(f"不能使用名称“{node.id}”", line)
        if isinstance(node.ctx, ast.Store) and (node.id in FUNCTIONS or node.id in CONSTANTS):
            raise ExpressionError(f"“{node.id}”是内置名称，不能赋值", line)
    if isinstance(node, ast.Call) and not (isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS):
        raise ExpressionError("只能调用内置函数", line)
    if isinstance(node, ast.Assign) and not all(isinstance(target, ast.Name) for target in node.targets):
        raise ExpressionError("只能给变量赋值", line)
    if isinstance(node, ast.Constant) and isinstance(node.value, bytes | complex | float | type(...)):
        raise ExpressionError("只能使用整数、文字、true、false 和 null", line)


def _weighed(value: Any) -> Any:
    """The value itself, unless storing it would explode."""
    budget, stack = MAX_WEIGHT, [value]
    while stack:
        item = stack.pop()
        budget -= 1 + (len(item) // 100 if isinstance(item, str) else 0)
        if budget < 0:
            raise ExpressionError("结果过大")
        if isinstance(item, dict):
            stack.extend(item)
            stack.extend(item.values())
        elif isinstance(item, list | tuple | set | frozenset):
            stack.extend(item)
        elif isinstance(item, int):
            _bounded(item)
    return value
