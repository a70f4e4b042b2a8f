"""The files the channel serves, a demo page and the chat script, with headers that allow nothing else."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sanic import response
from sanic.request import Request
from sanic.response import HTTPResponse

ASSETS = Path(__file__).parent / "assets"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-cache",  # asked again each time, answered 304 while nothing changed
    "Vary": "Accept-Encoding",
}


def content_policy(embedders: Sequence[str]) -> str:
    """The page's Content-Security-Policy: own files, no inline code, no markup from text (Trusted Types)."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            " ".join(("frame-ancestors 'self'", *embedders)),
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


@dataclass(frozen=True)
class Page:
    """One asset in memory: plain and compressed bytes, and the headers it goes out with."""

    plain: bytes
    packed: bytes
    headers: dict[str, str]

    def answer(self, request: Request) -> HTTPResponse:
        """The asset, compressed where the browser takes that, or 304 when it has this version."""
        if request.headers.get("if-none-match") == self.headers["ETag"]:
            return response.empty(304, headers=self.headers)
        headers = {key: value for key, value in self.headers.items() if key != "Content-Type"}
        body = self.plain
        if "gzip" in request.headers.get("accept-encoding", ""):
            body = self.packed
            headers["Content-Encoding"] = "gzip"
        return HTTPResponse(body=body, headers=headers, content_type=self.headers["Content-Type"])


def load_page(name: str, embedders: Sequence[str]) -> Page:
    """Reads one file of the assets folder.

    Raises FileNotFoundError when it is missing: `npm run build` in widget/ makes widget.js.
    """
    path = ASSETS / name
    plain = path.read_bytes()
    headers = {
        **EVERYWHERE,
        "Content-Type": f"{TYPES[path.suffix]}; charset=utf-8",
        "ETag": f'"{hashlib.sha256(plain).hexdigest()[:20]}"',
        # The script is meant for the clinics' pages; page and style sheet are for this origin alone.
        "Cross-Origin-Resource-Policy": "cross-origin" if path.suffix == ".js" else "same-origin",
    }
    if path.suffix == ".html":
        headers["Content-Security-Policy"] = content_policy(embedders)
    return Page(plain, gzip.compress(plain, mtime=0), headers)
