"""DotDict, merge_dicts, flatten_seq and their like."""

from prefect import Flow
from prefect.utilities import collections as C

flow = Flow("collections-utilities")


def attempt(call):
    try:
        return call()
    except Exception as exc:
        return exc


def observe(flow, states):
    d = C.DotDict(a=1, b=C.DotDict(c=2))
    d.e = 5
    flat = C.dict_to_flatdict({"a": {"b": 1, "c": {"d": 2}}, "e": 3})
    return [
        d.a,
        d["b"].c,
        dict(d),
        "e" in d,
        len(d),
        repr(d),
        d == {"a": 1, "b": {"c": 2}, "e": 5},
        attempt(lambda: d.zz),
        attempt(lambda: setattr(d, "update", 1)),
        attempt(lambda: d.__setitem__("keys", 1)),
        d.copy() == d,
        d.to_dict(),
        C.merge_dicts({"a": {"b": 1}, "c": 2}, {"a": {"d": 3}, "c": 4}),
        list(C.flatten_seq([1, [2, (3, [4])], {5: 6}])),
        sorted((list(k), v) for k, v in flat.items()),
        C.flatdict_to_dict(flat),
        C.as_nested_dict({"a": [{"b": 1}]}, C.DotDict).a[0].b,
        C.CompoundKey([1, 2]) + C.CompoundKey([3]),
        type(C.as_nested_dict(d, dict)["b"]).__name__,
        attempt(lambda: C.as_nested_dict(d, C.DotDict).b.c),
    ]
