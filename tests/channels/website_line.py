"""A line to the website channel as a browser opens it, by websocket or by its plain-HTTP fallback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import socketio

PATH = "/chat/socket.io"


@asynccontextmanager
async def connected(address: str, transport: str) -> AsyncIterator[socketio.AsyncClient]:
    """Connect with one transport alone; hang up at the end."""
    client = socketio.AsyncClient(reconnection=False)
    await client.connect(address, socketio_path=PATH, transports=[transport])
    try:
        yield client
    finally:
        await client.eio.disconnect(abort=True)  # a polite good-bye waits for the pending long poll
