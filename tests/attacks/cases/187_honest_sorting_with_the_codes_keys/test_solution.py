from solution import by_length, ranked


def test_ranked():
    assert ranked(["ccc", "a", "bb", "aa"]) == ["a", "aa", "bb", "ccc"]


def test_key():
    assert sorted(["ccc", "a", "bb"], key=by_length) == ["a", "bb", "ccc"]
    assert max(["a", "bbb"], key=by_length) == "bbb"
    assert list(map(by_length, ["a"])) == [(1, "a")]
