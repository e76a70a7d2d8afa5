"""What a page may load and do: the content security policy and its companions."""

from __future__ import annotations

import secrets

from flask import g, request
from flask.wrappers import Response

from app.ui.assets import PREFIX

STRICT = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "frame-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "object-src": "'none'",
}
"""No inline script, no inline style, nothing from elsewhere."""


def csp_nonce() -> str:
    """The one-time word of this response, for `<style>` elements of designer pages."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def allow_designer_styles() -> None:
    """Let this page use the style attributes and nonced `<style>` elements that the diagram editors need."""
    g.csp_styles = {
        "style-src": "'self' 'unsafe-inline'",
        "style-src-elem": f"'self' 'nonce-{csp_nonce()}'",
        "style-src-attr": "'unsafe-inline'",
    }


def policy() -> str:
    """The policy of this response."""
    rules = {**STRICT, **g.get("csp_styles", {})}
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def secure(response: Response) -> Response:
    """Put the security and cache headers on a response; what a view has set stays."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", policy())
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    if request.path.startswith(PREFIX) and response.status_code == 200:
        headers["Cache-Control"] = "public, max-age=31536000, immutable"
    elif response.mimetype == "text/html":
        # Offices share computers: after signing out, “back” must not show the last person's page.
        headers.setdefault("Cache-Control", "no-store")
    return response
