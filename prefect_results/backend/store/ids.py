"""Ids that sort in the order in which they were made.

What belongs here: making ids and default names. Ids are UUIDs of version 7 (RFC 9562): rows made
after each other lie beside each other in an index, which keeps bulk inserts quick.
"""

from __future__ import annotations

import os
import random
import threading
import time

_ADJECTIVES = (
    "amber ample ancient arctic autumn brisk bronze calm candid clever copper coral cosmic crimson "
    "daring dapper eager early fabled gentle golden hazel humble indigo ivory jolly keen lively "
    "lucid lunar mellow merry misty modest nimble noble olive opal patient placid plucky proud "
    "quiet rapid russet sage scarlet silent silver sincere solar spry steady sturdy sunny swift "
    "tawny tidy velvet vivid warm wise witty zesty"
)
_ANIMALS = (
    "albatross badger beetle bison bittern caribou cormorant coyote crane curlew dingo dolphin "
    "egret ermine falcon ferret finch gannet gazelle gecko gibbon grebe heron hoopoe ibex ibis "
    "jackal jay kestrel kite lapwing lemur linnet lynx marten merlin mole moose narwhal newt "
    "ocelot oriole osprey otter penguin petrel pika plover puffin quail raven robin seal shrew "
    "siskin skua stoat swallow swift tapir teal tern vole walrus wren"
)

_lock = threading.Lock()
_last = 0


def new_id() -> str:
    """Return a new id that sorts after every id this process made before it."""
    return new_ids(1)[0]


def new_ids(count: int) -> list[str]:
    """Return new ids in ascending order.

    Args:
        count: How many, 0 or more.
    """
    global _last
    with _lock:
        # Milliseconds and a counter of 12 bits below them; the clock may stand still or step back.
        first = max((time.time_ns() // 1_000_000) << 12, _last + 1)
        _last = first + count - 1
    # Ids of one call differ in their ticks, those of other processes in what is random.
    noise = os.urandom(8).hex()
    tail = f"{'89ab'[int(noise[0], 16) & 3]}{noise[1:4]}-{noise[4:]}"
    ticks = (f"{first + i:015x}" for i in range(count))
    return [f"{tick[:8]}-{tick[8:12]}-7{tick[12:]}-{tail}" for tick in ticks]


def new_name() -> str:
    """Return a name for a flow run that is easy to say, such as `amber-otter`."""
    # The system's randomness: a user's `random.seed()` must not repeat names, nor we disturb it.
    choose = random.SystemRandom().choice
    return f"{choose(_ADJECTIVES.split())}-{choose(_ANIMALS.split())}"


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
