"""The state classes: predicates, equality, hierarchy, children and parents."""

from prefect import Flow
from prefect.engine import state as S

flow = Flow("state-api")
CHECKS = [
    "is_pending",
    "is_running",
    "is_finished",
    "is_skipped",
    "is_scheduled",
    "is_submitted",
    "is_queued",
    "is_retrying",
    "is_looped",
    "is_cached",
    "is_successful",
    "is_failed",
    "is_mapped",
    "is_meta_state",
    "is_paused",
    "is_cancelled",
]


def observe(flow, states):
    out = []
    for name in sorted(vars(S)):
        cls = getattr(S, name)
        if isinstance(cls, type) and issubclass(cls, S.State) and not name.startswith("_"):
            s = cls("message")
            checks = [c for c in CHECKS if hasattr(s, c) and getattr(s, c)()]
            out.append(
                [
                    name,
                    [b.__name__ for b in cls.__mro__ if b is not object],
                    checks,
                    s.color,
                    repr(s),
                ]
            )
    one, two = S.Success("a", result=1), S.Success("b", result=1)
    out += [
        one == two,
        S.Success(result=1) == S.Success(result=2),
        S.Success() == S.Failed(),
        S.State() == 1,
        sorted(c.__name__ for c in S.Pending.children()),
        sorted(c.__name__ for c in S.Retrying.parents()),
        S.Success(result=1).result,
        S.Success()._result.__class__.__name__,
        S.Mapped(map_states=[one]).n_map_states,
        len({one, two}),
    ]
    return out
