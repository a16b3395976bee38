"""A process that makes calls one after the other, and that can be killed.

It is a new interpreter that does not run the caller's script again, so scripts need no
`if __name__ == "__main__"`; what it is to call arrives pickled, after the caller's settings. Not
here: which call is made when (see `dask.pool`).
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, Any

from prefect_results.configuration import config
from prefect_results.exceptions import PrefectError, PrefectSignal, SerializationError
from prefect_results.pickling import dumps, loads

if TYPE_CHECKING:
    import subprocess
    from multiprocessing.connection import Connection

_START = (
    "import json, sys; number = int(sys.argv[1]); "
    "sys.path[:], sys.argv[:] = json.loads(sys.argv[2]); "
    "from prefect_results.executors.process import serve; serve(number)"
)
_PLAIN, _ERROR = b"\0", b"\1"


class ProcessLost(PrefectError, RuntimeError):
    """The process that made a call died before it answered.

    Args:
        message: what happened.
        exitcode: the exit status of the process; negative for the number of a signal.
    """

    def __init__(self, message: str = "", *, exitcode: int | None = None) -> None:
        super().__init__(message)
        self.exitcode = exitcode


class Pickled:
    """A value in pickled form; where it is sent to, it arrives as the value.

    Args:
        data: the bytes.
        what: what it is, for errors.
    """

    __slots__ = ("data", "what")

    def __init__(self, data: bytes, what: str = "the answer of a process") -> None:
        self.data = data
        self.what = what

    def load(self) -> Any:
        """The value, or a `DeserializationError`."""
        return loads(self.data, self.what)

    def __sizeof__(self) -> int:
        return 64 + len(self.data)

    def __reduce__(self) -> tuple[Any, ...]:
        return loads, (self.data, self.what)


class CallProcess:
    """A new Python process that waits for calls.

    Attributes:
        parent: the number of the process that made it.
    """

    def __init__(self) -> None:
        import json
        import socket
        import subprocess
        from multiprocessing.connection import Connection

        ours, theirs = socket.socketpair()
        with theirs:
            number = theirs.fileno()
            paths = json.dumps([[path or os.getcwd() for path in sys.path], sys.argv])
            # A session of its own: Ctrl-C in a terminal reaches the caller, which decides.
            self._process: subprocess.Popen[bytes] = subprocess.Popen(
                [sys.executable, "-c", _START, str(number), paths],
                pass_fds=[number],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._connection: Connection[Any, Any] = Connection(ours.detach())
        self.parent = os.getpid()
        with contextlib.suppress(OSError):
            # Who makes the first call is told that the process is gone.
            self._connection.send_bytes(_settings())

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def is_alive(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    def send(self, payload: bytes) -> None:
        """Start a pickled call `(fn, args, kwargs)`.

        Raises:
            ProcessLost: if the process is gone.
        """
        try:
            self._connection.send_bytes(payload)
        except OSError as exc:
            raise self._lost() from exc

    def answer(self, timeout: float | None = None) -> Pickled:
        """Wait for the value of the call.

        Args:
            timeout: seconds; no limit by default.

        Raises:
            TimeoutError: if there is no answer yet.
            ProcessLost: if the process died.
            BaseException: what the call raised.
        """
        try:
            if timeout is not None and not self._connection.poll(timeout):
                raise TimeoutError(f"no answer within {timeout} seconds")
            data = self._connection.recv_bytes()
        except (EOFError, ConnectionError) as exc:
            raise self._lost() from exc
        answer = Pickled(data[1:])
        if data[:1] == _ERROR:
            raise answer.load()
        return answer

    def _lost(self) -> ProcessLost:
        self._process.wait()
        code = self._process.returncode
        how = f"exit code {code}"
        with contextlib.suppress(ValueError):
            import signal

            how += f" ({signal.Signals(-code).name})"
        return ProcessLost(f"the process that made the call died with {how}", exitcode=code)

    def kill(self) -> None:
        """End the process, whatever it does."""
        import subprocess

        self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=5)

    def close(self, patience: float | None = None) -> None:
        """End the process once its call is done.

        Args:
            patience: seconds after which it is killed; no limit by default.
        """
        import subprocess

        self._connection.close()
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self.kill()


def serve(number: int) -> None:
    """Answer calls until the caller is gone; runs in the process.

    Args:
        number: of the socket to the caller.
    """
    import queue
    import threading
    from multiprocessing.connection import Connection

    connection: Connection[Any, Any] = Connection(number)
    calls: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    busy = threading.Event()
    with contextlib.suppress(EOFError, OSError):
        _adopt(connection.recv_bytes())

    def receive() -> None:
        while True:
            try:
                calls.put(connection.recv_bytes())
            except (EOFError, OSError):
                # Nobody waits for the answer any more.
                if busy.is_set():
                    os._exit(1)
                calls.put(None)
                return

    threading.Thread(target=receive, daemon=True).start()
    # In the main thread, where tasks may use signals.
    while (payload := calls.get()) is not None:
        busy.set()
        answer = _answer(payload)
        del payload
        # If nobody waits for the answer any more, the next is that there are no more calls.
        with contextlib.suppress(OSError):
            connection.send_bytes(answer)
        busy.clear()


def _settings() -> bytes:
    """The configuration in force, as a forked process would have it; nothing if it can't travel."""
    try:
        return dumps(dict(config))
    except Exception:
        return b""


def _adopt(settings: bytes) -> None:
    import pickle

    if settings:
        found = pickle.loads(settings)
        config.clear()
        config.update(found)


def _answer(payload: bytes) -> bytes:
    import pickle

    try:
        fn, args, kwargs = pickle.loads(payload)
        value = fn(*args, **kwargs)
        try:
            return _PLAIN + dumps(value)
        except Exception as exc:
            raise SerializationError(
                f"What {getattr(fn, '__name__', fn)!s} returned, a {type(value).__name__}, cannot "
                f"be sent from its process, because it cannot be pickled: {exc!r}"
            ) from exc
    except (Exception, PrefectSignal, SystemExit, KeyboardInterrupt) as exc:
        return _ERROR + _pickled_error(exc)


def _pickled_error(exc: BaseException) -> bytes:
    import cloudpickle

    try:
        data: bytes = cloudpickle.dumps(exc, protocol=5)
        # Some can be pickled only.
        cloudpickle.loads(data)
        return data
    except Exception:
        stand_in = RuntimeError(f"{type(exc).__name__}: {exc}")
        plain: bytes = cloudpickle.dumps(stand_in, protocol=5)
        return plain
