"""A worker of gunicorn in which a client that sends or reads slowly keeps nobody else from an answer.

gunicorn's own gives a thread to each client that has begun to send, for as long as that takes. Here its loop takes in
what all of them send, and a thread gets a request that is there to its end. Only a large body is read by a thread: at
most half of the threads do so, none for longer than the body's size allows. Reading an answer is limited likewise.
What takes long to answer does not get all threads either.

The two services may not import each other, and no package that both import does IO or speaks HTTP: this file and
arrival.py stand in both, the same.
"""

import errno
import select
import selectors
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

from .arrival import Arrival, Stage

WHOLE_SECONDS = 30.0
"""In this time a request must be there: its header, and its body unless that is large."""
PATIENCE_SECONDS = 10.0
"""For so long a thread waits for a client beyond what ``SLOWEST`` allows for the bytes that went over."""
SLOWEST = 65_536
"""Bytes a second that a large body, and an answer, must go over with."""
TURN_SECONDS = 100.0
"""For so long a large body waits for its turn."""
LEAVING_SECONDS = 2.0
"""What a client has left to end its connection after its last answer, and a request to come while the worker stops."""
MOST_WAITING = 400
"""Requests that a process has begun to take in; beyond them the oldest is dropped, never one that is there."""
MOST_HELD = 1 << 26
"""Bytes of them that it holds, likewise."""
HEAVY = 1 << 16
"""Bytes beyond which a request may take long to answer, unless it tells of an event: not all threads are for such."""
CONNECTIONS = 600
"""Of a process, in all: it may hardly have more files open than 1024."""
PIECE = 1 << 16

LATE = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
BUSY = (errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED)


class PatientSocket(socket.socket):
    """Never blocks, as the loop needs it. In a thread, its time limit not 0, it waits as long as its patience lasts."""

    def __init__(self, accepted: socket.socket) -> None:
        super().__init__(accepted.family, accepted.type, accepted.proto, accepted.detach())
        super().setblocking(False)
        self._limit: float | None = 0.0
        self._most = {select.POLLIN: 0.0, select.POLLOUT: PATIENCE_SECONDS}
        self._left = dict(self._most)
        self.queued = 0.0
        """Seconds that the request was there, or began to be large, before a thread was free for it."""
        self.lingered = 0.0
        """Seconds that a thread waited for what the client had yet to send."""

    def renew(self, *, reads_on: bool) -> None:
        """For the next request; where it is not to be read on, nothing more of it is waited for."""
        self._most[select.POLLIN] = PATIENCE_SECONDS if reads_on else 0.0
        self._left = dict(self._most)
        self.queued = self.lingered = 0.0

    def gettimeout(self) -> float | None:
        """As it was set: the system's own stays 0, which saves its calls."""
        return self._limit

    def settimeout(self, value: float | None) -> None:
        """For each wait; beside the patience."""
        self._limit = value

    def setblocking(self, flag: bool) -> None:
        """Whether it waits."""
        self._limit = None if flag else 0.0

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Some bytes; none: the client sends no more."""
        while True:
            try:
                found = super().recv(size, flags)
            except BlockingIOError:
                self._await(select.POLLIN)
            else:
                self._recover(select.POLLIN, len(found))
                return found

    def sendall(self, data: Any, flags: int = 0) -> None:
        """All of them."""
        rest = memoryview(data)
        while rest:
            try:
                sent = super().send(rest, flags)
            except BlockingIOError:
                self._await(select.POLLOUT)
            else:
                self._recover(select.POLLOUT, sent)
                rest = rest[sent:]

    def _recover(self, what: int, amount: int) -> None:
        self._left[what] = min(self._most[what], self._left[what] + amount / SLOWEST)

    def _await(self, what: int) -> None:
        """Raises ConnectionResetError, of which gunicorn makes no fuss, where it lasts too long."""
        if self._limit == 0:
            raise BlockingIOError(errno.EAGAIN, "nothing to be done now")
        allowed = min(self._left[what], self._left[what] if self._limit is None else self._limit)
        begun, poll = time.monotonic(), select.poll()
        poll.register(self, what)
        if allowed <= 0 or not poll.poll(1000 * allowed):
            raise ConnectionResetError(errno.ECONNRESET, "the client is too slow")
        took = time.monotonic() - begun
        self._left[what] -= took
        self.lingered += took if what == select.POLLIN else 0.0


def answered_since(environ: Mapping[str, Any], begun: float) -> float:
    """When the time that an answer takes began (monotonic seconds), for a request whose view began at ``begun``.

    It counts from when the request was there, and leaves out what the client took to send the rest.
    """
    sock = environ.get("gunicorn.socket")
    return begun - sock.queued + sock.lingered if isinstance(sock, PatientSocket) else begun


class Client(TConn):  # type: ignore[misc] # gunicorn has no types
    """A connection, with what has come of its next request."""

    def __init__(self, worker: "PatientWorker", sock: PatientSocket, *addresses: Any) -> None:
        super().__init__(worker.cfg, sock, *addresses)
        self._worker = worker
        self.arrival = Arrival(b"")
        self.until = 0.0
        """When it is dropped; ``timeout`` is gunicorn's, for connections that wait between requests."""
        self.watched = False
        """The loop looks whether something comes."""
        self.large = False
        """Its body is read by a thread."""
        self.heavy = False
        """It has, or waits for, one of the threads that a large body or a heavy request may have."""
        self.there = 0.0
        """Since when a thread may have it."""

    def close(self, graceful: bool = False) -> None:
        """Gracefully: the client may still end it; gunicorn's own would hold up the whole loop for that time."""
        if graceful:
            self._worker.let_leave(self)
        else:
            super().close()


class PatientWorker(ThreadWorker):  # type: ignore[misc] # gunicorn has no types
    """gunicorn's worker with threads, which get whole requests."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._waiting: dict[Client, None] = {}
        """The oldest first: requests that are on their way, and large ones that wait for their turn."""
        self._leaving: dict[Client, None] = {}
        self._heavy: dict[Client, None] = {}
        """Heavy ones that are there and wait for a thread."""
        self._busy = self._large = 0
        """Threads that heavy requests have; those of them whose bodies are large."""
        self._notified = 0.0

    def notify(self) -> None:
        """Tell that it is alive; not after every event, since it would wait each time for other threads of Python."""
        if (now := time.monotonic()) >= self._notified + 1:
            self._notified = now
            super().notify()

    def accept(self, listener: Any) -> None:
        """Somebody connects."""
        try:
            accepted, address = listener.accept()
        except OSError as error:
            if error.errno not in BUSY:
                raise
            return
        self.nr_conns += 1
        self.enqueue_req(Client(self, PatientSocket(accepted), address, listener.getsockname()))

    def enqueue_req(self, conn: Client) -> None:
        """Once all of it is there, a request goes to a thread."""
        conn.arrival = Arrival(conn.parser.unreader.take_buffered() if conn.parser else b"")
        conn.until = time.monotonic() + WHOLE_SECONDS
        conn.sock.setblocking(False)
        self._waiting[conn] = None
        if conn.arrival.stage() is Stage.PARTIAL:
            self._take_in(conn)
        else:
            self._go_on(conn)
        self._make_room()

    def _read_on(self, conn: Client, _readable: Any) -> None:
        if conn in self._waiting:  # it may have been dropped for another that was to be read at the same time
            self._take_in(conn)
            self._make_room()

    def _take_in(self, conn: Client) -> None:
        try:
            data = conn.sock.recv(PIECE)
        except BlockingIOError:
            self._watch(conn, self._read_on)
            return
        except OSError:
            data = b""
        conn.arrival.data += data
        if data:
            self._go_on(conn)
        elif conn.arrival.data:
            self._hand_over(conn)  # cut off: how that is answered is not the loop's business
        else:
            self._drop(conn)

    def _go_on(self, conn: Client) -> None:
        stage = conn.arrival.stage()
        if stage is Stage.PARTIAL:
            self._watch(conn, self._read_on)
        elif stage is Stage.WHOLE and (len(conn.arrival.data) <= HEAVY or conn.arrival.is_event):
            self._hand_over(conn)
        else:
            self._unwatch(conn)
            conn.heavy, conn.large, conn.there = True, stage is Stage.LARGE, time.monotonic()
            conn.until = conn.there + TURN_SECONDS
            if not conn.large:
                del self._waiting[conn]
                self._heavy[conn] = None
            self._let_heavy_ones_in()

    def _make_room(self) -> None:
        while len(self._waiting) > MOST_WAITING or sum(len(one.arrival.data) for one in self._waiting) > MOST_HELD:
            self._drop(next(iter(self._waiting)))

    def _let_heavy_ones_in(self) -> None:
        """A quarter of the threads is kept for light requests, half of them from large bodies, which may be slow."""
        threads = self.cfg.threads
        for waiting in (self._heavy, self._waiting):
            for conn in [one for one in waiting if one.heavy]:
                if self._busy >= max(1, threads - threads // 4) or (conn.large and self._large >= max(1, threads // 2)):
                    break
                self._busy += 1
                self._large += conn.large
                self._hand_over(conn)

    def _hand_over(self, conn: Client) -> None:
        """To a thread, whose parser finds what has come."""
        self._unwatch(conn)
        self._waiting.pop(conn, None)
        self._heavy.pop(conn, None)
        conn.there = conn.there if conn.heavy else time.monotonic()
        conn.sock.renew(reads_on=conn.large)
        conn.init()
        conn.parser.unreader.unread(bytes(conn.arrival.data))
        conn.arrival = Arrival(b"")
        super().enqueue_req(conn)

    def handle(self, conn: Client) -> Any:
        """In a thread."""
        conn.sock.queued = time.monotonic() - conn.there
        return super().handle(conn)

    def finish_request(self, conn: Client, fs: Any) -> None:
        """It was answered, or could not be."""
        if conn.heavy:
            self._busy -= 1
            self._large -= conn.large
            conn.heavy = conn.large = False
            self._let_heavy_ones_in()
        super().finish_request(conn, fs)

    def murder_pending(self) -> None:
        """Called once a second at least, and after everything that comes."""
        now = time.monotonic()
        for conn in self._late(now):
            self._drop(conn)
        for conn in [one for one in self._leaving if one.until <= now]:
            self._end(conn)

    def _late(self, now: float) -> Iterator[Client]:
        for conn in list(self._waiting):
            if not self.alive and not conn.large:
                conn.until = min(conn.until, now + LEAVING_SECONDS)
            if conn.until <= now:
                yield conn

    def _drop(self, conn: Client) -> None:
        self._unwatch(conn)
        del self._waiting[conn]
        self.nr_conns -= 1
        if conn.arrival.data:
            with suppress(OSError):
                conn.sock.send(LATE)
        conn.close()

    def let_leave(self, conn: Client) -> None:
        """The answer must not be lost by an end that comes before the client has read it."""
        if conn.sock.fileno() < 0:
            return
        conn.sock.setblocking(False)
        with suppress(OSError):
            conn.sock.shutdown(socket.SHUT_WR)
        conn.until = time.monotonic() + LEAVING_SECONDS
        self.nr_conns += 1
        self._leaving[conn] = None
        self._watch(conn, self._see_off)

    def _see_off(self, conn: Client, _readable: Any) -> None:
        try:
            if not conn.sock.recv(PIECE):
                self._end(conn)
        except BlockingIOError:
            pass
        except OSError:
            self._end(conn)

    def _end(self, conn: Client) -> None:
        self._unwatch(conn)
        del self._leaving[conn]
        self.nr_conns -= 1
        conn.close()

    def _watch(self, conn: Client, then: Any) -> None:
        if not conn.watched:
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(then, conn))
            conn.watched = True

    def _unwatch(self, conn: Client) -> None:
        if conn.watched:
            self.poller.unregister(conn.sock)
            conn.watched = False
