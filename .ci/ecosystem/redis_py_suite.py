"""redis-py's own tests against a server: a plugin for pytest that knows which of them can't pass, and why, and that
reports as the other programs do.

A test that passes although it is listed here is a failure, so that the list stays true.
"""

import tracemalloc
from collections import Counter, defaultdict

import pytest

CANNOT_PASS = {
    "connects to port 6379": """
        test_client_setinfo
        test_client_setinfo_with_driver_info
    """,
    "there is no graph of vectors: searches are exact, VLINKS and VINFO make do": """
        test_add_elem_with_numlinks
        test_vinfo
        test_vsim_with_filter
    """,
    "needs users; there is only the default one": """
        test_acl_deluser
        test_acl_dryrun
        test_acl_getuser_setuser
        test_acl_list
        test_acl_log
        test_auth
        test_client_kill_filter_by_user
    """,
}
REASONS = {test: reason for reason, tests in CANNOT_PASS.items() for test in tests.split()}
NEEDS = ("onlycluster", "redismod", "ssl", "cp_integration", "replica")  # marks of theirs
UNMARKED = ("TestSSLCache", "TestSentinelCache")  # classes that need TLS and sentinels, and don't say so

outcomes = defaultdict(Counter)


@pytest.fixture
def cache():
    """Asked for by tests of client-side caching, which don't use it: that of the plugin that is turned off."""


def pytest_configure():
    tracemalloc.start = lambda: None  # a fixture of theirs turns it on, and all takes three times as long


def pytest_collection_modifyitems(items):
    items[:] = [item for item in items if not any(item.get_closest_marker(mark) for mark in NEEDS)]
    items[:] = [item for item in items if not (item.cls and item.cls.__name__ in UNMARKED)]
    for item in items:
        reason = REASONS.get(item.originalname)
        if reason:
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))


def pytest_runtest_logreport(report):
    if report.failed:
        print(f"\nFAILED redis-py's own tests: {report.nodeid}\n{report.longreprtext}")
    if report.when == "call" or not report.passed:
        outcome = "can't pass" if hasattr(report, "wasxfail") else report.outcome
        outcomes[report.fspath][outcome] += 1


def pytest_collectreport(report):
    if report.failed:
        print(f"\nFAILED redis-py's own tests: {report.nodeid}\n{report.longreprtext}")


def pytest_sessionfinish():
    for file, counts in outcomes.items():
        if not counts["failed"]:
            told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
            print(f"\nok     redis-py's own tests: {file}: {told}", end="")
    print()
