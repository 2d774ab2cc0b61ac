from solution import count


def test_count():
    assert count(["a", "b", "a"]) == {"a": 2, "b": 1}


def test_keys():
    found = count(["x"])
    assert "x" in found
    assert found["x"] == 1
