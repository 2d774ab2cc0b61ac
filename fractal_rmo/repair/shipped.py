"""The priors that are shipped: judgements, frozen, with their origin.

They are no figures of a study.  That arguments of calls, conditions and assigned
expressions come first is what Pan, Kim and Whitehead found in real fixes ("Toward an
understanding of bug fix patterns", Empirical Software Engineering 2009).  A
number in 0..1 says how often faults are mended by an operator, compared to the
others.  What an installation learns is laid over them (``learning.priors``); this
table changes only with its version.
"""

from __future__ import annotations

from types import MappingProxyType

from fractal_rmo.domain.priors import Priors

SHIPPED_PRIORS = Priors(
    "shipped",
    1,
    MappingProxyType(
        {
            "comparison": 1.0,
            "arithmetic": 0.9,
            "operands swapped": 0.45,
            "connective": 0.9,
            "augmented assignment": 0.8,
            "accumulate": 0.35,
            "sign": 0.35,
            "off by one": 0.85,
            "literal": 0.4,
            "truth value": 0.8,
            "string": 0.35,
            "alphabet": 0.12,
            "constant to variable": 0.4,
            "variable to constant": 0.25,
            "variable": 0.75,
            "variable or attribute": 0.5,
            "display": 0.4,
            "arguments swapped": 0.6,
            "argument dropped": 0.35,
            "argument added": 0.35,
            "function": 0.65,
            "attribute": 0.5,
            "call taken off": 0.4,
            "call put around": 0.4,
            "object converted": 0.2,
            "own call put around": 0.2,
            "range bounds": 0.75,
            "term dropped": 0.6,
            "middle dropped": 0.3,
            "regrouped": 0.5,
            "one added": 0.6,
            "term added": 0.35,
            "factor added": 0.18,
            "negation": 0.7,
            "condition dropped": 0.55,
            "condition added": 0.25,
            "condition replaced": 0.3,
            "slice bounds": 0.6,
            "slice added": 0.25,
            "subscript dropped": 0.3,
            "branches swapped": 0.6,
            "statement removed": 0.4,
            "returned value": 0.35,
            "return added": 0.6,
            "jump": 0.5,
            "yield": 0.7,
            "moved out": 0.55,
            "moved in": 0.4,
            "exchanged": 0.35,
            "chained": 0.35,
            "inserted": 0.12,
            "borrowed expression": 0.22,
            "both sides": 0.25,
            "guard": 0.2,
            "truths exchanged": 0.5,
            "constant everywhere": 0.3,
            "element to aggregate": 0.3,
            "base case": 0.1,
            "last return": 0.4,
            "bounded": 0.04,
            "first value": 0.3,
            "shared default": 0.6,
            "rows of their own": 0.3,
            "exception": 0.5,
            "clause added": 0.7,
            "clause replaced": 0.5,
            "as its twin": 0.8,
            "half a comparison": 0.8,
            "printed": 0.8,
            "changed in place": 0.8,
            "quoted name": 0.7,
            "not called": 0.7,
            "argument missing": 0.7,
            "self forgotten": 0.8,
            "variable of outside": 0.6,
            "no progress": 0.7,
            "joined": 0.2,
            "run removed": 0.15,
            "else made": 0.35,
            "out of the loop": 0.6,
            "into the loop": 0.35,
            "refused": 0.4,
        }
    ),
)
