import unittest

from solution import Queue, third


class TestQueue(unittest.TestCase):
    def setUp(self):
        self.queue = Queue(2)

    def test_put(self):
        self.assertEqual(len(self.queue.put(1).put(2)), 2)
        self.assertIsInstance(self.queue, Queue)
        self.assertTrue(self.queue)

    def test_full(self):
        self.queue.put(1).put(2)
        with self.assertRaises(OverflowError):
            self.queue.put(3)

    def test_third(self):
        self.assertAlmostEqual(third(1), 0.3333333333)
        self.assertDictEqual({"x": third(3)}, {"x": 1.0})
