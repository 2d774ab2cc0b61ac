"""The patches that pass all tests: each as small as it can be, and looked at again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from fractal_rmo.domain.run import Dialogue
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.repair.diary import Diary
from fractal_rmo.repair.fewer import fewer
from fractal_rmo.repair.judge import Judge
from fractal_rmo.repair.localise import Suspicion, localise
from fractal_rmo.repair.places import Opening, openings
from fractal_rmo.repair.starts import Forms, mark_of, weigh_for
from fractal_rmo.repair.trials import BATCH
from fractal_rmo.repair.ways import Way

PLACES = 8
"""Places of a patch of several edits that are looked at again, at most."""
AT_THE_PLACE, OUTSIDE = 144, 96
"""Edits that are tried at each, and instead of it where else a run without it blames."""
KINDS = 8
"""Of these, as many as pass: each needs a run of its own."""


@dataclass
class Finds:
    """What was found so far, each patch with the number of candidates tried until then."""

    judge: Judge
    diary: Diary
    plain: Forms
    """Of the code as it is."""
    patches: list[tuple[Way, SourceTree, int]] = field(default_factory=list)
    looked: set[tuple[str, str, frozenset[int]]] = field(default_factory=set)

    @property
    def best(self) -> Way:
        """The likeliest patch, the first found of several."""
        return max((way for way, _, _ in self.patches), key=lambda way: way.merit)

    def keep(self, way: Way, tree: SourceTree, pause: Callable[[], bool]) -> Dialogue[None]:
        """A patch that passes, less the edits that it does not need, and what it leads to."""
        problem = self.judge.problem
        for less in list(fewer(way)):
            smaller = less.tree(problem.code)
            if smaller.sha256 in problem.excluded or smaller == problem.code:
                continue
            report = yield from self.judge.whole(smaller, less.says())
            if report.mends(self.judge.before):
                way, tree = less, smaller
                break
        self._add(way, tree)
        yield from self._look_again(pause)

    def _look_again(self, pause: Callable[[], bool]) -> Dialogue[None]:
        """Every place of the likeliest patch with its other edits made, and of what takes its lead.

        A pause is heard between the places.
        """
        while len(self.looked) < PLACES and not pause():
            opening = self._next()
            if opening is None:
                return
            yield from self._try(opening)

    def _next(self) -> Opening | None:
        """The first place of the likeliest patch that was not looked at."""
        for opening in openings(self.judge.problem.code, self.best):
            if opening.key not in self.looked:
                self.looked.add(opening.key)
                return opening
        return None

    def _try(self, opening: Opening) -> Dialogue[None]:
        """Keep what passes of the likeliest edits of a place, and of those elsewhere."""
        report = yield from self.judge.traced(opening.tree, f"only {opening.way.says()}")
        blamed = localise(report.executed, report.failing, report.raised)
        waiting = self._programs(opening, blamed)
        passed = 0
        while waiting:
            batch, waiting = waiting[:BATCH], waiting[BATCH:]
            trees = [tree for _, tree in batch]
            label = f"{batch[0][0].says()} and others at its place"
            trials = yield from self.judge.many(trees, label)
            for (way, tree), trial in zip(batch, trials, strict=True):
                self.diary.note(way)
                if not trial.is_known or not self.judge.may_pass(trial):
                    continue
                said = yield from self.judge.alone(tree, way.says(), trial)
                if isinstance(said, str):
                    return
                if said is None:
                    self._add(way, tree)
                    passed += 1
                if passed >= KINDS:
                    return

    def _programs(self, opening: Opening, blamed: Suspicion) -> list[tuple[Way, SourceTree]]:
        """What the likeliest edits make: programs that compile and are new."""
        problem, known = self.judge.problem, (tree for _, tree, _ in self.patches)
        seen = {mark_of(tree, self.plain) for tree in (*known, opening.tree, problem.code)}
        made = list[tuple[Way, SourceTree]]()
        left = {True: AT_THE_PLACE, False: OUTSIDE}
        weigh, numbers = weigh_for(problem, self.diary.symptom), problem.wording.numbers
        for step in opening.proposals(problem.tests, weigh, blamed, numbers):
            if not left[opening.holds(step)]:
                continue
            text = step.edit.apply(opening.tree.files[step.path])
            tree = opening.tree.replace(step.path, text)
            mark = mark_of(tree, self.plain)
            if mark in seen or tree.sha256 in problem.excluded:
                continue
            seen.add(mark)
            if all(form is not None for _, form in mark):
                made.append((opening.way.and_then(step), tree))
                left[opening.holds(step)] -= 1
            if not any(left.values()):
                break
        return made

    def _add(self, way: Way, tree: SourceTree) -> None:
        if tree not in [known for _, known, _ in self.patches]:
            self.patches.append((way, tree, len(self.diary.judged)))
