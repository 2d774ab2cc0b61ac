from solution import place


def test_it_is_looked_up(monkeypatch):
    monkeypatch.setenv("PLACE", "here")
    assert place() == "here"
    monkeypatch.delenv("PLACE")
    assert place() == "nowhere"
