"""Websockets of Sanic 21.12 on Python 3.11, where its own `recv` hands asyncio.wait a refused coroutine."""

from __future__ import annotations

import asyncio

from engineio.async_drivers import sanic as driver
from socketio import AsyncServer
from websockets.connection import CLOSED


class WebSocket(driver.WebSocket):
    """Engine.IO's view of a Sanic websocket, with a `wait` that runs on every Python."""

    async def wait(self) -> str | bytes:
        """Return the next whole message; OSError when the connection has ended."""
        socket = self._sock
        if socket.connection.state is CLOSED:
            raise OSError("the websocket is closed")
        message = asyncio.ensure_future(socket.assembler.get())
        socket.recv_cancel = ended = asyncio.get_running_loop().create_future()  # Sanic cancels it at the end
        try:
            await asyncio.wait({message, ended}, return_when=asyncio.FIRST_COMPLETED)
            if not message.done():
                raise OSError("the websocket was closed")
            data: str | bytes = message.result()
            return data
        finally:
            message.cancel()
            socket.recv_cancel = None


def use_websockets(sio: AsyncServer) -> None:
    """Have this server speak websockets through the class above."""
    sio.eio._async = {**sio.eio._async, "websocket": WebSocket}
