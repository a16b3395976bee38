"""Servers of cloud storage."""

from tests.cloud_fixtures import *  # noqa: F403
