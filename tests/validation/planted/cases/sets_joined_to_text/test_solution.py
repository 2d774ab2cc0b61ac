from solution import initials


def test_every_initial_is_there():
    assert sorted(initials(["ada", "bob", "cyd", "abe"])) == ["a", "b", "c"]
