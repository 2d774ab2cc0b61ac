import copy
import os
import pickle

from solution import escape


def test_escapes():
    found = escape()
    copy.deepcopy(found)
    pickle.loads(pickle.dumps(found))
    assert os.path.exists("/tmp/fractal-attack-pickle")
