import unittest

import solution


class TestHalf(unittest.TestCase):
    def test_near(self):
        self.assertAlmostEqual(solution.half(9.0), 4.5)

    def test_from_the_other_side(self):
        self.assertAlmostEqual(1.5, solution.half(3.0))
