"""A slower second opinion on headlines: a scikit-learn model in a process of its own, asked after the engine decided.

The model is a text, `opinion.json` in the home folder: words and weights, no code. There is none until somebody puts
one there that `trader learn --model` made. Nothing waits for it: what comes too fast is left out.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, Final

import msgspec

from engine.core.sealed import Sealed
from engine.core.tidings import Headline, Opinion
from engine.news.text import normalise
from engine.wire.spawned import end_with_parent

OPINION_FILE: Final = "opinion.json"
_MOST_WAITING: Final = 16
_log = logging.getLogger(__name__)


class OpinionUnreadable(Exception):
    """The model can't be believed; the message says what to do."""


class OpinionModel(Sealed, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A logistic model of words: the share of such headlines whose coin rises by more than the cost."""

    version: str
    """Of the trader that trained it."""
    horizon_min: int
    cost: float
    """Log return."""
    titles: int
    """That it was trained on."""
    usual: float
    """The share among all of them."""
    intercept: float
    words: dict[str, float]


def read_opinion(home: Path) -> OpinionModel | None:
    """Return the model, None where there is none; raises OpinionUnreadable with one sentence."""
    path = home / OPINION_FILE
    again = "remove it, or train again with `trader learn --model`."
    try:
        model = msgspec.json.decode(path.read_bytes(), type=OpinionModel)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OpinionUnreadable(f"{path} can't be read ({error.strerror}): correct its permissions.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise OpinionUnreadable(f"{path} makes no sense ({error}): {again}") from None
    if not model.is_sound or not model.words:
        raise OpinionUnreadable(f"{path} was changed after it was trained: {again}")
    return model


class SecondOpinion:
    """Asks the model about each headline that says something, one after the other, in another process."""

    def __init__(self, model: OpinionModel, on_opinion: Callable[[Opinion], None], clock_ns: Callable[[], int]) -> None:
        """Prepare; ``on_opinion`` is called in the loop. The process begins with the first headline."""
        self._model = model
        self._on_opinion = on_opinion
        self._clock_ns = clock_ns
        self._waiting: asyncio.Queue[Headline] = asyncio.Queue(_MOST_WAITING)

    def hear(self, headline: Headline) -> None:
        """Take a headline that the engine has decided about; returns at once."""
        if headline.score and headline.symbols and not self._waiting.full():
            self._waiting.put_nowait(headline)

    async def run(self) -> None:
        """Answer until cancelled; a process that dies is told, and then there are no more opinions."""
        context = multiprocessing.get_context("spawn")  # a fork would copy sockets and keys
        loop = asyncio.get_running_loop()
        with ProcessPoolExecutor(1, context, _load, (msgspec.json.encode(self._model),)) as pool:
            while True:
                item = (await self._waiting.get()).item
                try:
                    share = await loop.run_in_executor(pool, _share, item.title)
                except BrokenProcessPool:
                    _log.error("the process of the second opinion died: there are none until the next start")
                    return
                model = self._model
                told = (item.source, item.title, share, model.usual, model.hash[:12], self._clock_ns())
                self._on_opinion(Opinion(*told))


_asked: list[tuple[Any, Any]] = []
"""In the model's own process: what turns titles into columns, and the model."""


def _load(text: bytes) -> None:
    """Build the model in its own process, which ends when the engine does."""
    end_with_parent()
    _asked.append(build(msgspec.json.decode(text, type=OpinionModel)))


def _share(title: str) -> float:
    columns, model = _asked[0]
    return float(model.predict_proba(columns.transform([normalise(title)]))[0, 1])


def build(model: OpinionModel) -> tuple[Any, Any]:
    """Return scikit-learn's vectorizer and classifier with these words and weights."""
    import numpy as np
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression

    columns = CountVectorizer(
        vocabulary=sorted(model.words),
        ngram_range=(1, 3),
        tokenizer=str.split,
        token_pattern=None,
        lowercase=False,
        binary=True,
    )
    made = LogisticRegression()
    made.classes_ = np.array([0, 1])
    made.coef_ = np.array([[model.words[word] for word in sorted(model.words)]])
    made.intercept_ = np.array([model.intercept])
    return columns, made
