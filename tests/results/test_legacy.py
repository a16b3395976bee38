"""What Prefect 1.4.1 wrote is read here, and what is written here is read there."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from prefect_results.results import LocalResult, PrefectResult
from prefect_results.serializers import (
    CompressedSerializer,
    DateTimeSerializer,
    DetectSerializer,
    JSONSerializer,
    PickleSerializer,
    Serializer,
)

# Run by the interpreter of 1.4.1: reads what is in the folder, then writes the like.
PROGRAM = """
import json, os, sys
import pendulum
from prefect.engine.results import LocalResult, PrefectResult
from prefect.engine.serializers import *

folder = sys.argv[1]
SERIALIZERS = {
    "pickle": PickleSerializer(),
    "large": PickleSerializer(),
    "json": JSONSerializer(),
    "date": DateTimeSerializer(),
    "zip": CompressedSerializer(PickleSerializer(), format="zlib"),
}
read = {}
for name, serializer in SERIALIZERS.items():
    result = LocalResult(dir=folder, location="{where}/" + name, serializer=serializer)
    value = result.read("ours/" + name).value
    assert result.exists("{where}/" + name, where="ours")
    read[name] = str(value)
    result.write(value, where="theirs")
read["inline"] = PrefectResult().write({"a": [1]}).location
print(json.dumps(read))
"""

VALUES = {
    "pickle": {"a": [1, (2,), {3}]},
    "large": list(range(100_000)),
    "json": {"a": [1, None]},
    "zip": ["abc" * 100],
}
SERIALIZERS: dict[str, Serializer] = {
    "pickle": PickleSerializer(),
    "large": PickleSerializer(),
    "json": JSONSerializer(),
    "date": DateTimeSerializer(),
    "zip": CompressedSerializer(PickleSerializer(), format="zlib"),
}


def test_values_go_both_ways(legacy_python: Path, tmp_path: Path) -> None:
    """Each serializer's files are read by the other release, and so is inline JSON."""
    import pendulum

    values = {**VALUES, "date": pendulum.datetime(2020, 1, 2, 3)}
    for name, value in values.items():
        template = "{where}/" + name
        result = LocalResult(str(tmp_path), location=template, serializer=SERIALIZERS[name])
        result.write(value, where="ours")
    done = subprocess.run(
        [str(legacy_python), "-W", "ignore", "-c", PROGRAM, str(tmp_path)],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PREFECT__LOGGING__LEVEL": "CRITICAL"},
    )
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout.splitlines()[-1])
    assert read["pickle"] == str(values["pickle"])
    assert read["date"][11:] == "03:00:00+00:00"
    for name, value in values.items():
        result = LocalResult(str(tmp_path), serializer=SERIALIZERS[name])
        loaded = result.read(f"theirs/{name}").value
        assert loaded == value
        detect = LocalResult.revive(
            dir=str(tmp_path), location=f"theirs/{name}", serializer=DetectSerializer()
        )
        assert detect.deserialize().value == value
    assert PrefectResult.revive(location=read["inline"]).deserialize().value == {"a": [1]}
