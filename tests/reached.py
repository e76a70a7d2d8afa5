"""Which services and pages a test has used: a requirement is shown where people meet it, not in a rule alone.

Public functions of the service modules are wrapped when their module is imported, before anybody takes them
from it, and so is what a room registers for a user task or an automatic step: there a rule may refuse before
any service is called. What the factories call to prepare a test does not count.
"""

from __future__ import annotations

import functools
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from types import FunctionType, ModuleType
from typing import Any

SERVICES = frozenset(
    {
        "services",
        "definitions",
        "votes",
        "reviews",
        "payments",
        "surveys",
        "publication",
        "sign_in",
        "summing",
    }
)
"""Names of modules in a room that hold use cases."""
REGISTRY = "app.runtime.handlers"
PREPARING = ("tests.factories", "tests.conftest")

_seen: set[str] = set()
_preparing: ContextVar[bool] = ContextVar("preparing", default=False)


def forget() -> None:
    """A new test begins."""
    _seen.clear()


def seen() -> set[str]:
    """What the test has used so far."""
    return set(_seen)


def is_service(module: str) -> bool:
    """Whether a module of the application holds use cases."""
    parts = module.split(".")
    return len(parts) == 3 and parts[0] == "app" and parts[2] in SERVICES


def watch() -> None:
    """Watch services as they are imported, and all Flask applications."""
    from flask import request_started

    sys.meta_path.insert(0, Finder())
    request_started.connect(_page)


def _page(_sender: Any, **_more: Any) -> None:
    if not _preparing.get():
        _seen.add("page")


def watched(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The function, noting that it was called by something else than preparation."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        caller = str(sys._getframe(1).f_globals.get("__name__", ""))
        if _preparing.get() or not caller.startswith(PREPARING):
            if not _preparing.get():
                _seen.add(name)
            return function(*args, **kwargs)
        token = _preparing.set(True)
        try:
            return function(*args, **kwargs)
        finally:
            _preparing.reset(token)

    return call


def registering(register: Callable[..., None]) -> Callable[..., None]:
    """The registration of a handler, which puts the watched handler in the registry."""

    @functools.wraps(register)
    def call(key: str, run: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        register(key, watched(run, key), *args, **kwargs)

    return call


class Finder(importlib.abc.MetaPathFinder):
    """Finds the service modules as usual and lets `Loader` load them."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The usual place, another loader."""
        if name != REGISTRY and not is_service(name):
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = Loader(spec.loader)
        return spec


class Loader(importlib.abc.Loader):
    """Loads a module and wraps its public functions."""

    def __init__(self, usual: Any) -> None:
        self.usual = usual

    def __getattr__(self, name: str) -> Any:
        return getattr(self.usual, name)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        """As usual."""
        made: ModuleType | None = self.usual.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        """As usual, then wrap."""
        self.usual.exec_module(module)
        if module.__name__ == REGISTRY:
            for register in ("user_task", "operator"):
                setattr(module, register, registering(getattr(module, register)))
            return
        for name, thing in list(vars(module).items()):
            own = isinstance(thing, FunctionType) and thing.__module__ == module.__name__
            if own and not name.startswith("_"):
                setattr(module, name, watched(thing, f"{module.__name__}.{name}"))
