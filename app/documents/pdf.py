"""A page of our own made into a PDF."""

from __future__ import annotations

import importlib
from typing import Any, NoReturn

from app.core.errors import Refusal

MISSING = "本机没有安装 Pango，不能生成 PDF。请用浏览器的“打印”另存为 PDF，或请系统管理员安装 libpango-1.0-0、libpangoft2-1.0-0 和 fonts-noto-cjk 后再试。"


class Unavailable(Refusal):
    """This machine cannot make PDFs; everything else works."""

    status = 503


def render(html: str) -> bytes:
    """Turn a page without outside parts into a PDF (生成 PDF).

    Args:
        html: the whole page with its styles; nothing is ever loaded for it, from disk or network.

    Raises:
        Unavailable: the machine lacks Pango.
    """
    try:
        # Loaded here: the library looks for Pango when it is imported, and the site runs without it.
        weasyprint: Any = importlib.import_module("weasyprint")
    except OSError as error:
        raise Unavailable(MISSING) from error
    made: bytes = weasyprint.HTML(string=html, url_fetcher=_refuse).write_pdf()
    return made


def _refuse(url: str, *_: object, **__: object) -> NoReturn:
    raise ValueError(f"printed papers load nothing, not even {url[:80]}")
