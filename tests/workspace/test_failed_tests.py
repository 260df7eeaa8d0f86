"""What is read of test runs, and what is not."""

import json
import os
from pathlib import Path

import pytest

from steward.workspace.failed_tests import FailedTest, FailedTests, failures_in

PYTEST = """..F
=========================== short test summary info ============================
FAILED tests/test_a.py::TestB::test_c[FAILED x] - assert 1 == 2
ERROR tests/test_d.py::test_e - RuntimeError
1 failed, 2 passed, 1 error in 0.12s
"""
UNITTEST = """======================================================================
FAIL: test_c (tests.test_a.TestB.test_c)
----------------------------------------------------------------------
Traceback (most recent call last):
ERROR: test_e (test_d.TestF)
Ran 3 tests in 0.001s

FAILED (failures=1, errors=1)
"""
C = FailedTest("tests/test_a.py", "TestB", "test_c")


def test_failures_are_read_from_what_pytest_prints() -> None:
    assert failures_in(PYTEST) == {C, FailedTest("tests/test_d.py", "", "test_e")}
    assert failures_in("....\n4 passed in 0.03s\n") == frozenset()


def test_failures_are_read_from_what_unittest_prints() -> None:
    assert failures_in(UNITTEST) == {C, FailedTest("test_d.py", "TestF", "test_e")}
    assert FailedTest("test_d.py", "TestF", "test_e").is_in("tests/test_d.py")


@pytest.mark.parametrize(
    "output",
    [
        "",
        "FAILED tests/test_a.py::test_b",
        "npm test\n3 failing\n",
        "1 a2 b3 " * 4_000,
        "= " * 8_000,
        "1 failed, " * 4_000,
    ],
)
def test_an_output_that_is_no_whole_test_run_says_nothing(output: str) -> None:
    assert failures_in(output) is None


def test_whatever_ran_last_counts(tmp_path: Path) -> None:
    failed = FailedTests(tmp_path)
    assert failed.now() == frozenset()
    failed.note(PYTEST)
    assert C in failed.now()
    failed.note("Killed.")
    assert C in failed.now(), "what says nothing changes nothing"
    cache = tmp_path / ".pytest_cache" / "v" / "cache" / "lastfailed"
    cache.parent.mkdir(parents=True)
    cache.write_text(json.dumps({"tests/test_x.py::test_y": True}), "utf-8")
    assert failed.now() == {FailedTest("tests/test_x.py", "", "test_y")}
    failed.note("....\n4 passed in 0.03s\n")
    assert failed.now() == frozenset()
    os.utime(cache, ns=(1, 1))
    assert failed.now() == {FailedTest("tests/test_x.py", "", "test_y")}
