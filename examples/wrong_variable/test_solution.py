from solution import merge_counts


def test_shared_keys_add_up():
    assert merge_counts({"a": 1, "b": 2}, {"b": 3}) == {"a": 1, "b": 5}


def test_new_keys_arrive():
    assert merge_counts({}, {"x": 7}) == {"x": 7}
