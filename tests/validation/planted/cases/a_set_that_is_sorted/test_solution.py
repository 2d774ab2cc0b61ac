from solution import initials


def test_every_initial_is_there_once():
    assert initials(["ada", "bob", "", "cyd", "abe"]) == "abc"
    assert initials([]) == ""
