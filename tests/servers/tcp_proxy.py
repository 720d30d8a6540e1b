"""A TCP proxy of the tests' own, which can turn into a black hole."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Self


class TcpProxy:
    """Passes bytes between a port of its own and a server on 127.0.0.1.

    While it swallows, connections stay open and new ones are accepted, but not one byte comes
    through either way: what a client sees of a cut cable or of a failover that told nobody.
    `accepted` counts the connections so far. With `hides_hang_ups` the server does not learn either
    that a client gave such a connection up. What is passed on takes `delay` seconds each way.
    """

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._server: asyncio.Server | None = None
        self._links: set[asyncio.Task[None]] = set()
        self._muted: set[asyncio.Task[None]] = set()
        self._swallowing = False
        self.hides_hang_ups = False
        self.delay = 0.0
        self.port = 0
        self.accepted = 0

    def swallow(self) -> None:
        """Let nothing through any more; what comes is lost for good."""
        self._swallowing = True

    def mute_open_connections(self) -> None:
        """Let nothing through on the connections that are open now; new ones work."""
        self._muted |= self._links

    def heal(self) -> None:
        """Let new connections through; those opened before stay dead."""
        self.mute_open_connections()
        self._swallowing = False

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        if self._server is not None:
            self._server.close()
        links = list(self._links)
        for link in links:
            link.cancel()
        await asyncio.gather(*links, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        link = asyncio.create_task(self._connect(reader, writer))
        self._links.add(link)
        link.add_done_callback(self._links.discard)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = asyncio.current_task()
        try:
            there_reader, there_writer = await asyncio.open_connection(
                "127.0.0.1", self._target_port
            )
        except OSError:
            writer.transport.abort()
            return

        async def pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
            with suppress(ConnectionError):
                while received := await source.read(65536):
                    if self.delay:
                        await asyncio.sleep(self.delay)
                    if not self._swallowing and link not in self._muted:
                        target.write(received)
                        await target.drain()

        passing = [
            asyncio.create_task(pass_on(reader, there_writer)),
            asyncio.create_task(pass_on(there_reader, writer)),
        ]
        try:
            # When either side is gone, so is the connection; but of a dead link the other side
            # learns nothing, not even that.
            await asyncio.wait(passing, return_when=asyncio.FIRST_COMPLETED)
            if self.hides_hang_ups and (self._swallowing or link in self._muted):
                await asyncio.wait(passing)
        finally:
            for task in passing:
                task.cancel()
            await asyncio.gather(*passing, return_exceptions=True)
            writer.transport.abort()
            there_writer.transport.abort()
