"""A TCP proxy in front of a server that reads the protocol, counts queries, and strikes at a chosen one.

A boundary is the moment at which a query of the client is complete: a simple query, the Sync of an extended one, or the
Flush behind one of those that a client sends ahead. Whatever is sent ahead is struck when the server has answered all
before it. So a real, unchanged program can be hit between any two statements, within one, or between its effect and
its reply.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from tests.engine.kills.faults import Moment, Strike, Struck

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

_CANCEL, _SSL, _GSS = 80877102, 80877103, 80877104


class Proxy:
    """Listens on loopback while its block runs; every connection is passed on to the server's socket."""

    def __init__(self, socket_path: Path) -> None:
        self.said: list[str] = []
        """The beginning of each query so far, in order; of several in one message, the end too."""
        self._server = str(socket_path)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._at = 0
        self._strike: Strike | None = None
        self._pairs: list[_Pair] = []

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listener.getsockname()[1])

    def arm(self, at: int, strike: Strike) -> None:
        """Count anew, and strike at the `at`-th query from now, counting from 1; 0: never."""
        with self._lock:
            self.said, self._at, self._strike = [], at, strike

    def disarm(self) -> None:
        """Only pass on from now."""
        with self._lock:
            self._strike = None

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()
        for pair in self._pairs:
            pair.close()

    def boundary(self, query: bytes) -> Strike | None:
        """Count a query; the strike where it is this one's turn."""
        with self._lock:
            self.said.append(_shown(query).decode(errors="replace"))
            if self._strike is None or len(self.said) != self._at:
                return None
            strike, self._strike = self._strike, None
            return strike

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(self._server)
            except OSError:  # it is being restarted
                client.close()
                server.close()
                continue
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            pair = _Pair(client, server, self.boundary)
            self._pairs.append(pair)
            pair.start()


class _Ahead:
    """How many queries were sent ahead in this exchange, and how many of them were answered."""

    def __init__(self) -> None:
        self._sent = self._answered = 0
        self._refused = False
        self._changed = threading.Condition()

    def send(self) -> None:
        with self._changed:
            self._sent += 1

    def wait(self) -> None:
        """Until all but the last one are answered, or one was refused."""
        with self._changed:
            self._changed.wait_for(lambda: self._refused or self._answered >= self._sent - 1, timeout=30)

    def hear(self, kind: bytes) -> bool:
        """A message of the server; whether it ends the reply to the last query that was sent."""
        with self._changed:
            last = kind == b"Z" or (kind in b"CE" and 0 < self._sent == self._answered + 1)
            if kind == b"Z":
                self._sent, self._answered, self._refused = 0, 0, False
            self._answered += kind == b"C" and self._sent > 0
            self._refused |= kind == b"E"
            self._changed.notify_all()
            return last


@dataclass
class _Pair:
    """One client's connection and ours to the server."""

    client: socket.socket
    server: socket.socket
    boundary: Callable[[bytes], Strike | None]
    backend: int = 0
    withheld: Strike | None = None
    """When the query is done, this is struck, and its reply is kept back."""
    ahead: _Ahead = field(default_factory=_Ahead)
    _closing: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        for work in (self._from_client, self._from_server):
            threading.Thread(target=self._guarded, args=(work,), daemon=True).start()

    def close(self) -> None:
        with self._closing:
            for end in (self.client, self.server):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()

    def _guarded(self, work: Callable[[], None]) -> None:
        with contextlib.suppress(OSError, EOFError):
            work()
        self.close()

    def _begins(self) -> bool:
        """Pass on what opens the connection; False: it only asks for a cancel."""
        while True:
            head = _exactly(self.client, 4)
            body = _exactly(self.client, struct.unpack("!I", head)[0] - 4)
            code = struct.unpack("!I", body[:4])[0]
            if code not in {_SSL, _GSS}:
                break
            self.client.sendall(b"N")
        self.server.sendall(head + body)
        return bool(code != _CANCEL)

    def _from_client(self) -> None:
        if not self._begins():
            return
        query = held = b""
        while True:
            kind, message = _message(self.client)
            if kind in b"QP":
                query = message[5:].lstrip(b"\0")
            elif kind == b"B" and (name := message[5:].split(b"\0")[1]):
                query = b"EXECUTE " + name
            if kind in b"PBDE":
                held += message
                continue
            runs = kind == b"Q" or b"E" in _kinds(held)
            if kind == b"H" and runs:
                self.ahead.send()
            message, held = held + message, b""
            if runs and (strike := self.boundary(query)):
                self.ahead.wait()
                if not self._struck(strike, message):
                    return
                continue
            self.server.sendall(message)

    def _struck(self, strike: Strike, message: bytes) -> bool:
        """Whether the connection goes on."""
        struck = Struck(self.backend)
        match strike.moment:
            case Moment.BEFORE:
                strike.do(struck)
                if strike.severs:
                    return False
                self.server.sendall(message)
            case Moment.DURING:
                self.server.sendall(message)
                strike.do(struck)
                if strike.severs:
                    return False
            case Moment.AFTER:
                self.withheld = strike
                self.server.sendall(message)
        return True

    def _from_server(self) -> None:
        while True:
            kind, message = _message(self.server)
            if kind == b"K":
                self.backend = struct.unpack("!I", message[5:9])[0]
            last = self.ahead.hear(kind)
            if self.withheld is None or not last:
                self.client.sendall(message)
            else:
                self.withheld.do(Struck(self.backend))
                return


def _shown(query: bytes) -> bytes:
    return query if len(query) <= 160 else query[:120] + b" \xe2\x80\xa6 " + query[-40:]


def _kinds(messages: bytes) -> bytes:
    """The first byte of each message."""
    kinds, at = b"", 0
    while at < len(messages):
        kinds += messages[at : at + 1]
        at += 1 + struct.unpack("!I", messages[at + 1 : at + 5])[0]
    return kinds


def _message(end: socket.socket) -> tuple[bytes, bytes]:
    head = _exactly(end, 5)
    return head[:1], head + _exactly(end, struct.unpack("!I", head[1:])[0] - 4)


def _exactly(end: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        more = end.recv(size - len(data))
        if not more:
            raise EOFError
        data += more
    return bytes(data)
