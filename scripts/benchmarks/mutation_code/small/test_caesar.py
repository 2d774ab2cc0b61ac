from caesar import shifted


def test_both_alphabets_go_around() -> None:
    assert shifted("xyz", 3) == "abc"
    assert shifted("XYZ", 3) == "ABC"
    assert shifted("az AZ", 0) == "az AZ"


def test_the_way_back_and_what_stays() -> None:
    assert shifted("Khoor, Zruog!", -3) == "Hello, World!"
    assert shifted("`{@[ 7", 5) == "`{@[ 7"
