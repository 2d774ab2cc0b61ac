"""The planted programs with the verdicts they deserve: the one table of this corpus.

A row's letters are levels 1 to 6 in order, up to where the ladder ends: P passed,
F failed, E could not be judged, N not applicable, L flaky.  They say what a
careful reader would want said, not what the product happens to say.
"""

from __future__ import annotations

VERDICTS = {
    # tests that show what they should
    "thorough_tests": "PPPPPP",
    "properties_of_their_own": "PPPPPP",
    "a_class_with_methods": "PPPPPP",
    "a_coroutine": "PPPPNP",  # level 5 calls no coroutines
    # tests that show too little: only level 6 sees it
    "weak_tests": "PPPPPF",
    "only_a_lower_bound": "PPPPPF",
    "asserts_nothing": "PPPPPF",
    "asserts_what_it_asks": "PPPPPF",
    "catches_every_failure": "PPPPPF",
    "asserts_true": "PPPPNF",  # what is not called has no inputs near those of the tests
    "asserts_a_function": "PPPPNF",
    "tests_its_own_copy": "PPPPNF",
    # tests that show nothing
    "no_test_at_all": "PPF",
    "every_test_is_skipped": "PPF",
    "a_wrong_answer": "PPF",
    # tests that pass by luck
    "tests_that_need_their_order": "PPL",
    "code_that_needs_the_order_of_its_tests": "PPL",
    "a_test_that_needs_one_hash_seed": "PPL",
    "a_clock_that_tests_race": "PPF",
    # order, chance and time
    "a_set_that_is_sorted": "PPPPPP",
    "sets_joined_to_text": "PPPPPP",  # its tests say that the order does not matter
    "sets_joined_and_compared": "PPPPF",
    "an_answer_that_hangs_on_the_hash_seed": "PPPPF",
    "chance_with_a_seed": "PPPPPP",
    "chance_that_says_so": "PPPPPP",
    "chance_seeded_by_the_tests": "PPPPPP",
    "the_time_is_given": "PPPPPP",
    "the_time_is_read": "PPPPPP",
    "the_environment_is_set": "PPPPPP",
    # state between calls
    "hidden_state_between_calls": "PPPPPP",  # a note says so
    "a_cache_that_is_honest": "PPPPPP",
    "an_argument_is_changed": "PPPPPP",  # a note says so
    # what can be read
    "it_does_not_parse": "F",
    "a_call_with_too_little": "PF",
    "an_unknown_name": "PF",
    "a_shell_with_what_was_typed": "PF",
    "a_wrong_type_hint": "PPPPPN",  # a note: much of what works is loosely typed
    # output
    "code_that_prints": "PPPPPP",
    "prints_when_imported": "PPPPPP",
    # from outside
    "a_program_that_starts": "PPPPPP",
    "a_program_broken_from_outside": "PPPF",
    "a_declared_command_that_is_missing": "PPPF",
    "modules_that_need_each_other": "PPPF",
    "a_docstring_that_is_right": "PPPPPP",
    "a_docstring_that_is_wrong": "PPPF",
    "a_package_that_is_missing": "PPE",
    # inputs that nobody chose
    "a_crash_beside_the_tests": "PPPPF",
    "a_way_down_without_an_end": "PPPPF",
}

NOTES = {
    "hidden_state_between_calls": (5, "depends on earlier calls"),
    "an_argument_is_changed": (5, "changed argument"),
    "a_wrong_type_hint": (2, "return-value"),
}
"""Rows that pass with a note: the level, and the kind or the rule of the note."""

SHARED = {"a_program_that_starts", "the_environment_is_set", "chance_seeded_by_the_tests"}
"""Rows whose tests replace what only code in their own process can see: level 3 says so."""
