"""A stopwatch around each stage of a path: what a call took itself, without the stages that it called."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Final, NamedTuple

_CALIBRATION_CALLS: Final = 20_000


class Stage(NamedTuple):
    """One function of the path, where it is looked up, and the row that its time counts to."""

    row: str
    owner: Any
    name: str


class Medians(NamedTuple):
    """A row's medians per event in ns: in all, and of that what lay before the end of the marked stage."""

    total: float
    before: float


class _Call:
    """A call that is going on."""

    __slots__ = ("began_ns", "children_ns", "row")

    def __init__(self, row: str) -> None:
        self.row = row
        self.began_ns = 0
        self.children_ns = 0.0


class Stopwatch:
    """Replaces functions by timed ones while it is entered; an event is one outermost call, sums are per event.

    Enter it before the objects are made: they may keep methods as they find them. Raises AttributeError on entering
    where a stage is not there any more. What the timing itself adds is measured first and taken away. When the row
    ``mark`` ends, what every row has taken until then is kept.
    """

    def __init__(self, stages: Sequence[Stage], mark: str) -> None:
        self._stages = stages
        self._mark = mark
        self._originals: list[tuple[Any, str, Any]] = []
        self._open: list[_Call] = []
        self._event: dict[str, float] = defaultdict(float)
        self._until_mark: dict[str, float] = {}
        self._events: list[tuple[dict[str, float], dict[str, float]]] = []
        self._inside_ns = self._around_ns = 0.0
        self._calibrate()

    def __enter__(self) -> Stopwatch:
        for row, owner, name in self._stages:
            original = owner.__dict__[name] if isinstance(owner, type) else getattr(owner, name)
            self._originals.append((owner, name, original))
            setattr(owner, name, self._timed(original, row))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._originals:
            owner, name, original = self._originals.pop()
            setattr(owner, name, original)

    def forget(self) -> None:
        """Throw away what was measured so far: the warm-up."""
        self._events.clear()

    def medians(self, having: str) -> dict[str, Medians]:
        """Return each row's medians over the events that passed through the row ``having``, in the stages' order."""
        events = [event for event in self._events if having in event[0]]
        rows = dict.fromkeys(stage.row for stage in self._stages if any(stage.row in whole for whole, _ in events))
        return {
            row: Medians(
                statistics.median(whole.get(row, 0.0) for whole, _ in events),
                statistics.median(before.get(row, 0.0) for _, before in events),
            )
            for row in rows
        }

    def _timed(self, original: Callable[..., Any], row: str) -> Callable[..., Any]:
        clock, opened = time.perf_counter_ns, self._open

        def timed(*args: Any, **kwargs: Any) -> Any:
            """Call it, and write down when it began and ended."""
            call = _Call(row)
            opened.append(call)
            call.began_ns = clock()
            try:
                return original(*args, **kwargs)
            finally:
                self._close(call, clock())

        return timed

    def _close(self, call: _Call, now_ns: int) -> None:
        spent_ns = now_ns - call.began_ns
        self._open.pop()
        self._event[call.row] += spent_ns - call.children_ns - self._inside_ns
        if call.row == self._mark:
            self._until_mark = self._so_far(call.began_ns)
        if self._open:
            self._open[-1].children_ns += spent_ns + self._around_ns
        else:
            self._events.append((self._event, self._until_mark))
            self._event, self._until_mark = defaultdict(float), {}

    def _so_far(self, end_ns: int) -> dict[str, float]:
        """Add to the finished calls what each one that goes on has taken until the next inner one began."""
        taken = defaultdict(float, self._event)
        for call in reversed(self._open):
            taken[call.row] += end_ns - call.began_ns - call.children_ns - self._inside_ns
            end_ns = call.began_ns
        return taken

    def _calibrate(self) -> None:
        """Measure what timing one call adds inside its own stamps, and around them to whoever called it."""

        def nothing() -> None:
            return None

        timed, clock = self._timed(nothing, "nothing"), time.perf_counter_ns
        inside, around, bare = [], [], []
        self._open.append(_Call("calibration"))  # so that no event ends
        for _ in range(_CALIBRATION_CALLS):
            self._event.clear()
            began_ns = clock()
            timed()
            middle_ns = clock()
            nothing()
            bare.append(clock() - middle_ns)
            around.append(middle_ns - began_ns)
            inside.append(self._event["nothing"])
        self._event.clear()
        self._open.clear()
        self._inside_ns = statistics.median(inside)
        self._around_ns = statistics.median(around) - statistics.median(bare) - self._inside_ns
