"""The headers of every answer: a browser may run and load only what this application sends."""

from __future__ import annotations

import secrets

from flask import Flask, Response, g

_FIXED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def register(app: Flask) -> None:
    """Add the headers to every answer, and ``csp_nonce()`` to the templates."""
    app.after_request(_add)
    app.add_template_global(csp_nonce)


def csp_nonce() -> str:
    """The nonce of this answer: the mark of the inline scripts and styles that are ours."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    nonce: str = g.csp_nonce
    return nonce


def policy(nonce: str) -> str:
    """The content security policy."""
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce}'",
            f"style-src 'self' 'nonce-{nonce}'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ]
    )


def _add(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", policy(csp_nonce()))
    for name, value in _FIXED.items():
        response.headers.setdefault(name, value)
    if "Cache-Control" not in response.headers:
        # not "no-store": going back to a form must find what was typed
        response.headers["Cache-Control"] = "private, no-cache"
    return response
