"""Trains the second opinion: a sparse logistic model of words, kept only where it beats the usual share later on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from engine import __version__
from engine.news.opinion import OpinionModel
from engine.research.learning.sparse import LEAST_CASES, Known, split

_LEARNS = 0.6
_LEAST_TITLES = 5


def train(known: Sequence[Known], horizon_min: int, cost: float, seed: int) -> OpinionModel | None:
    """Return a model of which headlines their coin rises after by more than ``cost`` (log); None without evidence.

    It is trained on the past, and only kept where its Brier score on what came an embargo later is lower than that of
    the past's share.
    """
    if len(known) < LEAST_CASES:
        return None
    past, later = split(known, _LEARNS, horizon_min)
    rose = np.array([earned > cost for _, earned in past], np.int64)
    if min(int(rose.sum()), len(rose) - int(rose.sum())) < _LEAST_TITLES:
        return None
    columns = CountVectorizer(
        ngram_range=(1, 3), tokenizer=str.split, token_pattern=None, lowercase=False, binary=True, min_df=_LEAST_TITLES
    )
    try:
        table = columns.fit_transform([case.words for case, _ in past])
    except ValueError:  # no words stand in titles enough
        return None
    fitted = LogisticRegression(l1_ratio=1.0, solver="liblinear", C=0.5, random_state=seed).fit(table, rose)
    usual = float(rose.mean())
    said = fitted.predict_proba(columns.transform([case.words for case, _ in later]))[:, 1]
    came = np.array([earned > cost for _, earned in later], np.float64)
    weights = zip(columns.get_feature_names_out(), fitted.coef_[0].tolist(), strict=True)
    words = {str(word): weight for word, weight in weights if weight}
    if not words or np.mean((said - came) ** 2) >= np.mean((usual - came) ** 2):
        return None
    return OpinionModel(
        version=__version__,
        horizon_min=horizon_min,
        cost=cost,
        titles=len(past),
        usual=usual,
        intercept=float(fitted.intercept_[0]),
        words=words,
    ).sealed()
