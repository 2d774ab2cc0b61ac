from solution import initials


def test_one_initial():
    assert initials(["ada", "abe"]) == "a"
    assert initials([]) == ""
