"""Debian's Chromium, speaking Chinese; nothing is downloaded."""

from __future__ import annotations

import os
from typing import Any

import pytest


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """How the browser is started, also as root."""
    return {
        **browser_type_launch_args,
        "executable_path": os.environ.get("CHROMIUM", "/usr/bin/chromium"),
        "args": ["--no-sandbox", "--disable-dev-shm-usage", "--lang=zh-CN", "--font-render-hinting=none"],
        "env": {**os.environ, "LANGUAGE": "zh_CN", "LANG": "zh_CN.UTF-8"},
    }
