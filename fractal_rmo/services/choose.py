"""Which of several plausible patches: compared by what they do on inputs that nobody chose.

Patches that answer alike are one behaviour.  Correct patches can be written in
many ways, and chance passes the tests in few: a behaviour weighs what its
patches weigh together (as programs are clustered by behaviour in Li et al.,
"Competition-Level Code Generation with AlphaCode", Science 2022).  What speaks against a
patch is taken from its weight (``evidence``).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import compress

from fractal_rmo.domain.run import Dialogue, RunEnding
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.repair.problem import (
    Alternative,
    Candidate,
    Made,
    RepairOutcome,
    RepairProblem,
    RepairStatus,
)
from fractal_rmo.repair.search import never
from fractal_rmo.services.choice_told import Asked, question
from fractal_rmo.services.evidence import alike, named, trust
from fractal_rmo.services.examples import described
from fractal_rmo.services.scenes import staged
from fractal_rmo.validation.generated.answers import Answer, read_answers
from fractal_rmo.validation.generated.calls import Call, call_request
from fractal_rmo.validation.generated.inputs import calls_for
from fractal_rmo.validation.generated.targets import Catalogue

MOST_CALLS, CALLS_OF_ONE = 180, 60
"""Calls of which patches are compared, and those that show whether a single one made something
worse: where the code as it is has no end, each takes its time."""
MOST_TARGETS = 3
MOST_ALTERNATIVES = 3
_COMPARED_ANYWAY = 2
RIGHT = (0.95, 0.85, 0.6)
"""How often a patch of one, two and more edits was right where no other behaviour was found.

Measured: see "How sure" in docs/repair.md.  It depends on how much the tests ask."""
LEAST_SURE = 0.4
"""Less sure patches of several edits are no result: about half of them were wrong.

Those of one edit were right more often than they seemed; see "How sure" in docs/repair.md."""
WORSE = 0.5
"""What is left of that where a call goes wrong that did not before: four of eight were right."""


@dataclass
class _Patch:
    candidate: Candidate
    answers: Sequence[Answer]
    weight: float = 0.0

    @property
    def right(self) -> float:
        """How often such patches were right where no other behaviour was found."""
        return RIGHT[min(len(self.candidate.made), len(RIGHT)) - 1]


def chosen(
    problem: RepairProblem,
    found: RepairOutcome,
    pause: Callable[[], bool] = never,
) -> Dialogue[RepairOutcome]:
    """The outcome with its candidates in the order of how likely their behaviour is right.

    The first of each behaviour come before the others of any.  Where the calls
    cannot be made the order stays, and once ``pause`` says True no further candidate than the
    first two is compared: the others come last.  What the same code answers in two ways tells
    nothing.
    """
    if not found.candidates:
        return found
    called = Catalogue(problem.code, problem.tests).called().targets
    targets = called[:MOST_TARGETS]
    flaky = {test.rpartition("::")[2] for test in found.trail.flaky}
    functions = [target.name for target in called if target.maker is None]
    stage = staged(problem.tests, functions, flaky)
    examples = [e for target in targets for e in described(target, problem.description)]
    asked = (*targets, *(scene.target for scene in stage.scenes))
    several = len(found.candidates) > 1
    each = (MOST_CALLS if several else CALLS_OF_ONE) // max(1, len(asked))
    calls = [e.call for e in examples] + [c for t in asked for c in calls_for(t, each)]
    if not calls:
        return _decided(_not_compared(found))
    label = "the code as it is, on generated inputs"
    before = yield from _answers(stage.around(problem.code), calls, label)
    if several:
        again = yield from _answers(stage.around(problem.code), calls, f"{label}, again")
        both = zip(before, again, strict=True)
        steady = [n < len(examples) or alike(*pair) for n, pair in enumerate(both)]
        calls, before = list(compress(calls, steady)), list(compress(before, steady))
    patches = list[_Patch]()
    for candidate in found.candidates:
        if len(patches) >= _COMPARED_ANYWAY and pause():
            break
        label = f"{candidate.description}, on generated inputs"
        answers = yield from _answers(stage.around(candidate.tree), calls, label)
        patches.append(_Patch(candidate, answers))
    if not any(answer.ended for patch in patches for answer in patch.answers):
        return _decided(_not_compared(found))
    met = [(patch.candidate.tree, patch.answers) for patch in patches]
    for patch, left in zip(patches, trust(problem, met, before, examples), strict=True):
        patch.weight = patch.candidate.merit * left
    arranged = _arranged(found, Asked(stage, calls, before, named(problem)), _behaviours(patches))
    others = found.candidates[len(patches) :]
    return _decided(replace(arranged, candidates=(*arranged.candidates, *others)))


def _not_compared(found: RepairOutcome) -> RepairOutcome:
    """Nothing could be asked: each patch is taken for a behaviour of its own."""
    best = _Patch(found.candidates[0], ())
    share = best.candidate.merit / (sum(each.merit for each in found.candidates) or 1.0)
    return replace(found, sure=round(best.right * share, 4), compared=False)


def _answers(tree: SourceTree, calls: Sequence[Call], label: str) -> Dialogue[Sequence[Answer]]:
    result = yield call_request(tree, calls, label)
    read = read_answers(result, len(calls)) if result.ending is RunEnding.COMPLETED else None
    return read[0] if read else [Answer("unreached")] * len(calls)


def _behaviours(patches: Sequence[_Patch]) -> list[tuple[list[_Patch], float]]:
    """Patches that answer alike and what they weigh together, those of most weight first.

    What gives no answer is like everything, so those that give some are asked before it.
    """
    groups: list[list[_Patch]] = []
    for patch in sorted(patches, key=lambda p: (not any(a.ended for a in p.answers), -p.weight)):
        for group in groups:
            if all(map(alike, group[0].answers, patch.answers)):
                group.append(patch)
                break
        else:
            groups.append([patch])
    weights = _weights(groups)
    order = sorted(range(len(groups)), key=lambda number: -weights[number])
    return [(groups[number], weights[number]) for number in order]


def _weights(groups: Sequence[Sequence[_Patch]]) -> list[float]:
    """What the patches of a behaviour weigh together; those of one kind at one place are one idea.

    A patch of several edits was looked at again at each of its places.  So it competes at each
    with those that differ there alone, and is as good as where it competes worst.
    """
    contests = [_contests(group) for group in groups]
    rivals = Counter(others for contest in contests for others in contest)
    weights = list[float]()
    for contest in contests:
        hard = [weight for others, weight in contest.items() if rivals[others] > 1]
        weights.append(min(hard) if hard else max(contest.values()))
    return weights


def _contests(group: Sequence[_Patch]) -> dict[frozenset[Made], float]:
    """By the edits that stay: what the ideas for one more weigh together."""
    ideas = defaultdict[frozenset[Made], dict[tuple[str, str, int], float]](dict)
    for patch in group:
        for made in patch.candidate.made:
            others = frozenset(one._replace(line=0) for one in patch.candidate.made if one != made)
            at, idea = ideas[others], made[:3]
            at[idea] = max(at.get(idea, 0.0), patch.weight)
    return {others: sum(found.values()) for others, found in ideas.items()}


def _arranged(
    found: RepairOutcome, asked: Asked, groups: Sequence[tuple[Sequence[_Patch], float]]
) -> RepairOutcome:
    firsts = [group[0].candidate for group, _ in groups]
    others = [patch.candidate for group, _ in groups for patch in group[1:]]
    total = sum(weight for _, weight in groups) or 1.0
    best, most = groups[0]
    worse = asked.worse(best[0].answers)
    rivals = [
        _alternative(best[0], group[0], asked, weight / total)
        for group, weight in groups[1 : 1 + MOST_ALTERNATIVES]
    ]
    return replace(
        found,
        candidates=(*firsts, *others),
        sure=_sure(best[0], most / total, worse),
        alternatives=tuple(rivals),
        worse=worse,
    )


def _sure(patch: _Patch, share: float, worse: str) -> float:
    return round(patch.right * share * (WORSE if worse else 1.0), 4)


def _decided(found: RepairOutcome) -> RepairOutcome:
    """The outcome; undecided where its first patch has several edits and is not sure enough."""
    best = found.candidates[0]
    if len(best.made) < 2 or found.sure >= LEAST_SURE:
        return found
    return replace(found, status=RepairStatus.UNDECIDED, note=question(found))


def _alternative(ours: _Patch, other: _Patch, asked: Asked, share: float) -> Alternative:
    """Another behaviour, with the shortest call on which it differs."""
    pairs = enumerate(zip(ours.answers, other.answers, strict=True))
    differing = [n for n, (one, another) in pairs if not alike(one, another)]
    call, words = asked.told(differing, ours.answers, other.answers, asked.before)
    return Alternative(
        description=other.candidate.description,
        tree=other.candidate.tree,
        share=round(share, 4),
        sure=_sure(other, share, asked.worse(other.answers)),
        call=call,
        ours=words[0],
        theirs=words[1],
        before=words[2],
    )
