"""A proxy on a loopback port that breaks connections whose bytes it cannot read, such as SSH.

Belongs here: what goes wrong on the way, packet by packet. HTTP has a proxy of its own, which
breaks requests (`tests.faults`).
"""

from __future__ import annotations

import contextlib
import random
import select
import socket
import struct
import threading
import time
from collections import Counter

#: Before a packet of the client is passed on, after it, slowly, or a part of it only.
KINDS = ("reset", "lost answer", "slow", "cut")


class Cuts:
    """A proxy in front of a server.

    Args:
        port: of the server, on 127.0.0.1.
        share: of the client's packets after which something happens, 0 to 1.
        seed: of the choice.
        kinds: what can happen; all of `KINDS` by default.
    """

    def __init__(
        self, port: int, share: float = 0.01, seed: int = 0, kinds: tuple[str, ...] = KINDS
    ) -> None:
        self.server = port
        self.share = share
        self.kinds = kinds
        self.happened: Counter[str] = Counter()
        self.requests = 0
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def choose(self) -> str | None:
        """What happens to the next packet, None if nothing does."""
        with self._lock:
            self.requests += 1
            if self._random.random() >= self.share:
                return None
            kind = self._random.choice(self.kinds)
            self.happened[kind] += 1
            return kind

    def __enter__(self) -> Cuts:
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass, args=(client,), daemon=True).start()

    def _pass(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            with socket.create_connection(("127.0.0.1", self.server)) as server:
                for one in (client, server):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                while self._forward(client, server):
                    pass
            # So that the client's system says that it was reset.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _forward(self, client: socket.socket, server: socket.socket) -> bool:
        """Pass on what came; false when the connection is over."""
        ready, _, _ = select.select([client, server], [], [])
        if server in ready:
            data = server.recv(1 << 16)
            client.sendall(data)
            if not data:
                return False
        if client in ready:
            data = client.recv(1 << 16)
            kind = self.choose() if data else "reset"
            if kind == "slow":
                time.sleep(0.02)
            if kind != "reset":
                server.sendall(data[: len(data) // 2] if kind == "cut" else data)
            if kind == "lost answer":
                # The server has done it by then.
                select.select([server], [], [], 1)
            return kind in (None, "slow")
        return True
