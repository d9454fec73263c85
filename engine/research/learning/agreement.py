"""Whether words alone can say what the rules say: a sparse classifier learns the rules' labels and is asked later ones.

That needs no prices, and tells nothing about them. It shows that the model can express such a table at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import cohen_kappa_score
from sklearn.multiclass import OneVsRestClassifier

from engine.news.classify import judge
from engine.news.rules import Rules
from engine.news.text import normalise
from engine.research.learning.titles import Told

_LEAST: Final = 200
_LEARNS: Final = 0.7


class Agreement(NamedTuple):
    """How often the sparse model says on later headlines what the rules say."""

    learned: int
    asked: int
    share: float
    kappa: float
    """Cohen's: 0 is what chance would agree on, 1 everything."""
    words: int
    """Patterns that the model uses."""


def label_agreement(told: Sequence[Told], rules: Rules, seed: int) -> Agreement | None:
    """Learn the labels of the earlier headlines and compare on the later ones; None with too few of them."""
    told = sorted(told)
    border = int(len(told) * _LEARNS)
    labels = [judge(one.title, rules).label for one in told]
    if len(told) < _LEAST or len(set(labels[:border])) < 2:
        return None
    vectorizer = CountVectorizer(
        ngram_range=(1, 2), tokenizer=str.split, token_pattern=None, lowercase=False, binary=True, min_df=3
    )
    table = vectorizer.fit_transform([normalise(one.title) for one in told[:border]])
    one_label = LogisticRegression(l1_ratio=1.0, solver="liblinear", C=1.0, random_state=seed)
    model = OneVsRestClassifier(one_label).fit(table, labels[:border])
    said = model.predict(vectorizer.transform([normalise(one.title) for one in told[border:]]))
    asked = labels[border:]
    share = sum(mine == theirs for mine, theirs in zip(said, asked, strict=True)) / len(asked)
    used = {int(number) for each in model.estimators_ for number in each.coef_[0].nonzero()[0]}
    return Agreement(border, len(asked), share, float(cohen_kappa_score(asked, said)), len(used))
