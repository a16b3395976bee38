"""Whether progress is shown, and the thread that does so."""

from __future__ import annotations

import contextlib
import sys
import threading
from typing import TYPE_CHECKING, Any

from prefect_results.context import context as ambient
from prefect_results.exceptions import ConfigurationError
from prefect_results.progress.lines import Lines
from prefect_results.progress.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    from prefect_results.progress.counts import Counts

# Seconds between two looks at the counts.
PERIOD = 0.25

# Held by the one run of this process that is shown; runs inside of it are not.
_shown = threading.Lock()


class Showing:
    """Shows counts while it is entered.

    Args:
        counts: of the flow run.
        display: a `Lines` or a `Terminal`.

    Attributes:
        look: called before each look at the counts, to bring them up to date.
    """

    def __init__(self, counts: Counts, display: Any) -> None:
        self.counts = counts
        self.look: Callable[[], None] = lambda: None
        self._display = display
        self._is_shown = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._show, name="progress", daemon=True)

    def __enter__(self) -> Showing:
        self._is_shown = _shown.acquire(blocking=False)
        if self._is_shown:
            self._display.start()
            self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._is_shown:
            self._over.set()
            self._thread.join()
            self._display.stop()
            _shown.release()

    def _show(self) -> None:
        while not self._over.wait(PERIOD):
            # A look that comes to nothing, as while the run breaks off, does no harm to the run.
            with contextlib.suppress(Exception):
                self.look()
            self._display.update()


def showing(counts: Callable[[], Counts]) -> Showing | None:
    """What shows the progress of a run, as the setting `flows.progress` says.

    Args:
        counts: makes the counts.

    Returns:
        None if nothing is to be shown.

    Raises:
        ConfigurationError: if the setting is neither true, nor false, nor `lines`.
        MissingExtra: if rich is needed, on a terminal, and not installed.
    """
    settings = ambient.config.flows
    wanted = settings.get("progress", False)
    if not wanted:
        return None
    if wanted not in (True, "lines"):
        raise ConfigurationError(
            f"flows.progress is {wanted!r}; expected true, false or 'lines' (never a live table)"
        )
    made = counts()
    if wanted is True and sys.stderr.isatty():
        return Showing(made, Terminal(made))
    interval = float(settings.get("progress_interval", 5.0))
    return Showing(made, Lines(made, sys.stderr, interval))
