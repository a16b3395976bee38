"""Tests of the backend."""

import pytest

pytest.register_assert_rewrite("prefect_results.testing.stores")
