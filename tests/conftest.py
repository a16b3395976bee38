"""What every test shares: a home folder of its own, a restored context, and the legacy peer."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.peers import PeerUnavailable, legacy_prefect

# No deadline: the machines that run this are shared, and a test asserts no timing.
settings.register_profile(
    "shared",
    deadline=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("shared")


def pytest_configure(config: pytest.Config) -> None:
    """Drop the user's own settings before the library's configuration is read."""
    for name in [name for name in os.environ if name.startswith("PREFECT__")]:
        del os.environ[name]
    os.environ["PREFECT__USER_CONFIG_PATH"] = os.devnull
    # Overridden for each test; set so that nothing read at import names the user's home.
    os.environ["PREFECT__HOME_DIR"] = os.path.join(os.devnull, "no-test-is-running")


@pytest.fixture(autouse=True)
def home_dir(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder for one test, for this process and its children; made when first used."""
    global _homes
    _homes += 1
    home = tmp_path_factory.getbasetemp() / f"home-{_homes}"
    monkeypatch.setenv("PREFECT__HOME_DIR", str(home))
    configuration = sys.modules.get("prefect_results.configuration")
    if configuration is not None:
        monkeypatch.setitem(configuration.config, "home_dir", str(home))
    return home


_homes = 0


@pytest.fixture(autouse=True)
def restored_context() -> Iterator[None]:
    """Give the ambient context back the way the test found it."""
    module = sys.modules.get("prefect_results.context")
    if module is None:
        yield
        return
    before = dict(module.context.current())
    yield
    module.context.swap(before)


@pytest.fixture(scope="session")
def legacy_python() -> Path:
    """The interpreter of an environment that has Prefect 1.4.1; skips where it can't be made."""
    try:
        return legacy_prefect()
    except PeerUnavailable as exc:
        pytest.skip(f"no Prefect 1.4.1 to compare with: {exc}")
