from solution import Tracked, doubled


def test_tracked():
    with Tracked() as tracked:
        assert tracked.events == ["in"]
    assert tracked.events == ["in", "out"]


def test_doubled():
    with doubled([1, 2]) as length:
        assert length == 4
