def test_height():
    import second  # enters the circle where it holds
    import first

    assert first.height(2) == 7
