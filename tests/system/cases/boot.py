# SPDX-License-Identifier: BSD-2-Clause
"""The ways to boot; processors; memory sizes."""

from harness.config import Failure, HostConfig, check, check_equal
from harness.registry import test
