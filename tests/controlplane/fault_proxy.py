"""A proxy between the operator and its API server that counts the writes and can do harm at any one of them.

The operator speaks plain HTTP to it; it speaks to the API server as the administrator. Watches pass through unharmed,
unless they are cut.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WRITES = {"POST", "PUT", "PATCH", "DELETE"}
GONE = b'{"type":"ERROR","object":{"kind":"Status","status":"Failure","reason":"Expired","code":410}}\n'
HOP = {"transfer-encoding", "content-encoding", "content-length", "connection"}


class Harm(Enum):
    """What happens to a write."""

    NONE = auto()
    BEFORE = auto()  # it never reaches the API server, and is not answered
    AFTER = auto()  # it takes effect, and is not answered
    CONFLICT = auto()  # 409 without effect
    THROTTLED = auto()  # 429 without effect
    TIMEOUT = auto()  # 504 after it took effect
    BROKEN = auto()  # 500 without effect


INSTEAD = {
    Harm.CONFLICT: (409, "Conflict"),
    Harm.THROTTLED: (429, "TooManyRequests"),
    Harm.BROKEN: (500, "InternalError"),
}


@dataclass(frozen=True)
class Write:
    """One write that the operator asked for."""

    number: int
    method: str
    path: str

    @property
    def kind(self) -> str:
        """Method and resource, without names: `POST jobs`, `PATCH databasemigrations/status`."""
        parts = self.path.split("?")[0].split("/namespaces/")[-1].split("/")[1:]
        return f"{self.method} {'/'.join(parts[::2])}"


def harmless(_write: Write) -> Harm:
    return Harm.NONE


@dataclass
class FaultProxy:
    """Runs in a thread of its own between `start` and `stop`."""

    upstream: str
    certificates: Path
    harm: Callable[[Write], Harm] = harmless
    on_harm: Callable[[], None] = lambda: None
    writes: list[Write] = field(default_factory=list)
    port: int = 0
    frozen: bool = False
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)  # by the beginning of the path: status and reason
    _stop: Callable[[], object] = lambda: None
    _expire: Callable[[], object] = lambda: None
    _expired: asyncio.Event = field(default_factory=asyncio.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        started = threading.Event()

        async def serve() -> None:
            tls = ssl.create_default_context(cafile=str(self.certificates / "ca.crt"))
            tls.load_cert_chain(self.certificates / "admin.crt", self.certificates / "admin.key")
            connector = aiohttp.TCPConnector(ssl=tls, limit=0)
            async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as session:

                async def pass_on(request: web.Request) -> web.StreamResponse:
                    return await self._pass_on(session, request)

                application = web.Application(client_max_size=2**24)
                application.router.add_route("*", "/{path:.*}", pass_on)
                runner = web.AppRunner(application, handle_signals=False, access_log=None, shutdown_timeout=0.1)
                await runner.setup()
                await web.TCPSite(runner, "127.0.0.1", 0).start()
                self.port = int(runner.addresses[0][1])
                ended = asyncio.Event()
                loop = asyncio.get_running_loop()
                self._expire = partial(loop.call_soon_threadsafe, self._end_watches)
                self._stop = partial(loop.call_soon_threadsafe, ended.set)
                started.set()
                await ended.wait()
                await runner.cleanup()

        self._thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True, name="fault proxy")
        self._thread.start()
        assert started.wait(10)

    def stop(self) -> None:
        self._stop()
        assert self._thread is not None
        self._thread.join(15)

    def freeze(self) -> None:
        """From now on watches bring nothing, and do not end."""
        self.frozen = True

    def expire(self) -> None:
        """Ends every watch that is open now, as one whose version is no longer kept."""
        self._expire()

    def kubeconfig(self, folder: Path) -> Path:
        """How the operator reaches the API server through this."""
        file = folder / "proxied.kubeconfig"
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "proxy", "cluster": {"server": f"http://127.0.0.1:{self.port}"}}],
            "users": [{"name": "nobody", "user": {}}],
            "contexts": [{"name": "proxy", "context": {"cluster": "proxy", "user": "nobody"}}],
            "current-context": "proxy",
        }
        file.write_text(json.dumps(content))
        return file

    async def _pass_on(self, session: aiohttp.ClientSession, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        for beginning, (status, reason) in self.answers.items():
            if request.path.startswith(beginning):
                return _status(status, reason)
        harm = Harm.NONE
        if request.method in WRITES:
            write = Write(len(self.writes) + 1, request.method, request.path)
            self.writes.append(write)
            harm = self.harm(write)
        if harm is Harm.BEFORE:
            return await self._cut(request)
        if harm in INSTEAD:
            return _status(*INSTEAD[harm])
        headers = {key: value for key, value in request.headers.items() if key.lower() != "host"}
        url = self.upstream + request.raw_path
        timeout = aiohttp.ClientTimeout(total=None)
        async with session.request(
            request.method, url, data=body or None, headers=headers, timeout=timeout, skip_auto_headers=["User-Agent"]
        ) as answer:
            if harm is Harm.AFTER:
                await answer.read()
                return await self._cut(request)
            if harm is Harm.TIMEOUT:
                await answer.read()
                return _status(504, "Timeout")
            return await self._hand_back(request, answer)

    async def _hand_back(self, request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
        headers = {key: value for key, value in answer.headers.items() if key.lower() not in HOP}
        if "Content-Encoding" in answer.headers:
            headers["Content-Encoding"] = answer.headers["Content-Encoding"]
        stream = web.StreamResponse(status=answer.status, headers=headers)
        await stream.prepare(request)
        if request.query.get("watch") == "true":
            await self._hand_back_events(stream, answer)
        else:
            async for chunk in answer.content.iter_any():
                await stream.write(chunk)
        await stream.write_eof()
        return stream

    async def _hand_back_events(self, stream: web.StreamResponse, answer: aiohttp.ClientResponse) -> None:
        expired = asyncio.create_task(self._expired.wait())
        begun = b""  # of a line whose end is still to come: what is said in between would tear it
        try:
            while True:
                reading = asyncio.create_task(answer.content.readany())
                await asyncio.wait({reading, expired}, return_when=asyncio.FIRST_COMPLETED)
                if expired.done():
                    reading.cancel()
                    await stream.write(GONE)
                    return
                chunk = await reading
                if not chunk:
                    return
                lines, end, begun = (begun + chunk).rpartition(b"\n")
                if end and not self.frozen:
                    await stream.write(lines + end)
        finally:
            expired.cancel()

    def _end_watches(self) -> None:
        self._expired.set()
        self._expired = asyncio.Event()

    async def _cut(self, request: web.Request) -> web.StreamResponse:
        await asyncio.get_running_loop().run_in_executor(None, self.on_harm)
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=502)


def _status(code: int, reason: str) -> web.Response:
    body = {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "code": code,
        "reason": reason,
        "message": "harm",
    }
    return web.json_response(body, status=code, headers={"Retry-After": "1"} if code == 429 else None)
