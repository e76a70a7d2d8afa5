"""Scripts, styles and icons made by the front-end build, found through its manifest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from markupsafe import Markup

DIST = Path(__file__).resolve().parent / "static" / "dist"
PREFIX = "/assets/dist/"
STYLE = Markup('<link rel="stylesheet" href="{}">')
SHARED = Markup('<link rel="modulepreload" href="{}">')
SCRIPT = Markup('<script type="module" src="{}"></script>')
ICON = Markup('<svg class="zj-icon{}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>')


class Assets:
    """What the build made; without a build every helper answers nothing, so that pages work without it."""

    def __init__(self, folder: Path = DIST, prefix: str = PREFIX) -> None:
        self._path = folder / "manifest.json"
        self._prefix = prefix
        self._read: dict[str, Any] = {}
        self._stamp = 0

    def manifest(self) -> dict[str, Any]:
        """The manifest, read again when the build has run again."""
        try:
            stamp = self._path.stat().st_mtime_ns
        except FileNotFoundError:
            return {}
        if stamp != self._stamp:
            self._read, self._stamp = json.loads(self._path.read_text("utf-8")), stamp
        return self._read

    def tags(self, *entries: str) -> Markup:
        """The tags that load these islands: styles, shared parts, the module itself."""
        manifest = self.manifest()
        styles: list[str] = []
        shared: list[str] = []
        scripts: list[str] = []
        for entry in entries:
            chunk = manifest.get(f"src/{entry}.js")
            if chunk is not None:
                self._collect(manifest, f"src/{entry}.js", styles, shared, set())
                scripts.append(chunk["file"])
        tags = [STYLE.format(self._prefix + file) for file in dict.fromkeys(styles)]
        tags += [SHARED.format(self._prefix + file) for file in dict.fromkeys(shared) if file not in scripts]
        tags += [SCRIPT.format(self._prefix + file) for file in dict.fromkeys(scripts)]
        return Markup("\n").join(tags)

    def icon(self, name: str, css: str = "") -> Markup:
        """A drawing of the sprite; it says nothing to a screen reader, so words must stand beside it."""
        sprite = self.manifest().get("icons.svg")
        if sprite is None:
            return Markup("")
        return ICON.format(f" {css}" if css else "", self._prefix + sprite["file"], name)

    def _collect(
        self, manifest: dict[str, Any], key: str, styles: list[str], shared: list[str], seen: set[str]
    ) -> None:
        if key in seen:
            return
        seen.add(key)
        chunk = manifest[key]
        for other in chunk.get("imports", ()):
            self._collect(manifest, other, styles, shared, seen)
            shared.append(manifest[other]["file"])
        styles.extend(chunk.get("css", ()))
