"""A report as the page, the chart and the spreadsheet show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure or name, and the page that lists what is behind it."""

    value: Any
    href: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """What a column holds.

    Attributes:
        kind: "text", "count", "fen", "days", "percent" or "moment".
    """

    label: str
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Chart:
    """Which columns are drawn over the names in the first one.

    Attributes:
        kind: "bar" (side by side) or "stack".
        series: places of the columns.
    """

    kind: str
    series: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A table with its heading, its chart and what it means."""

    key: str
    title: str
    note: str
    columns: tuple[Column, ...]
    rows: Sequence[Sequence[Cell]] = field(default_factory=list)
    chart: Chart | None = None
    empty: str = "现在没有数据。"


def drawn(report: Report) -> dict[str, Any] | None:
    """What the chart's island needs: names and series; amounts of money in ten thousand yuan."""
    if report.chart is None or not report.rows:
        return None
    series = []
    for place in report.chart.series:
        column = report.columns[place]
        values = [row[place].value or 0 for row in report.rows]
        if column.kind == "fen":
            values = [round(value / 1_000_000, 2) for value in values]
        series.append({"name": column.label, "values": values})
    money = report.columns[report.chart.series[0]].kind == "fen"
    return {
        "kind": report.chart.kind,
        "unit": "万元" if money else {"days": "天"}.get(report.columns[report.chart.series[0]].kind, "项"),
        "names": [str(row[0].value) for row in report.rows],
        "series": series,
    }
