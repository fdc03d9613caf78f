from sandbox.kernel.calls import CallLog


def test_calls_since_a_number_come_in_their_order_and_numbers_outlive_them() -> None:
    log = CallLog()
    assert (log.last, log.since(0)) == (0, [])
    for path in ("/a", "/b", "/c"):
        log.record(method="GET", service="s", path=path, status=200, ms=1.0, mutating=False)
    assert [call["path"] for call in log.since(1)] == ["/b", "/c"]
    log.clear()
    assert (log.last, log.since(0)) == (3, [])
    log.record(method="GET", service="s", path="/d", status=200, ms=1.0, mutating=False)
    assert [(call["number"], call["path"]) for call in log.since(3)] == [(4, "/d")]
