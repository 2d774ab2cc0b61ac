from solution import report


def test_report():
    assert report(2000) == 2000
