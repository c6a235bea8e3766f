"""The rules of conditions that Flux's checker, kstatus and Argo CD rely on, held against every state a test sees.

`broken_rules` looks at one state of a resource as the API server has it, `broken_transition` at two in their order.
Both return sentences; empty: all is well.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]

NEVER_LOOKED_AT = -1
_REASON = re.compile(r"^[A-Za-z][A-Za-z0-9]*$")
_LIMITS = {"runs": 10, "conditions": 16}


@dataclass(frozen=True)
class _State:
    """One state, as the rules ask for it."""

    resource: Json

    @property
    def generation(self) -> int:
        return int(self.resource["metadata"]["generation"])

    @property
    def status(self) -> Json:
        return dict(self.resource.get("status") or {})

    @property
    def observed(self) -> int:
        return int(self.status.get("observedGeneration", NEVER_LOOKED_AT))

    @property
    def conditions(self) -> list[Json]:
        return list(self.status.get("conditions") or ())

    def is_(self, kind: str) -> str:
        """The condition's status; empty: it is absent."""
        return next((str(one["status"]) for one in self.conditions if one["type"] == kind), "")


def _ready_is_there(it: _State) -> bool:
    return it.is_("Ready") in {"True", "False", "Unknown"}


def _each_type_once(it: _State) -> bool:
    types = [one["type"] for one in it.conditions]
    return len(types) == len(set(types))


def _abnormal_is_true_or_absent(it: _State) -> bool:
    return it.is_("Reconciling") in {"True", ""} and it.is_("Stalled") in {"True", ""}


def _not_reconciling_and_stalled(it: _State) -> bool:
    return not (it.is_("Reconciling") and it.is_("Stalled"))


def _reconciling_is_not_ready(it: _State) -> bool:
    return not it.is_("Reconciling") or it.is_("Ready") != "True"


def _stalled_is_false(it: _State) -> bool:
    return not it.is_("Stalled") or it.is_("Ready") == "False"


def _unknown_is_reconciling(it: _State) -> bool:
    return it.is_("Ready") != "Unknown" or it.is_("Reconciling") == "True"


def _nothing_from_the_future(it: _State) -> bool:
    return all(0 <= seen <= it.generation for seen in (it.observed, *_generations(it)))


def _all_speak_of_one_generation(it: _State) -> bool:
    return all(seen == it.observed for seen in _generations(it))


def _current_is_ready(it: _State) -> bool:
    return kstatus(it.resource) != "Current" or (it.is_("Ready") == "True" and it.observed == it.generation)


def _reasons_are_one_word(it: _State) -> bool:
    return all(_REASON.match(str(one.get("reason", ""))) for one in it.conditions)


def _messages_say_something(it: _State) -> bool:
    return all(one.get("message") for one in it.conditions)


def _times_are_there(it: _State) -> bool:
    return all(one.get("lastTransitionTime") for one in it.conditions)


def _lists_are_bounded(it: _State) -> bool:
    run, plan = it.status.get("run") or {}, it.status.get("plan") or {}
    within = all(len(it.status.get(name) or ()) <= limit for name, limit in _LIMITS.items())
    return within and len(run.get("steps") or ()) <= 50 and len(plan.get("releases") or ()) <= 20


_RULES: dict[str, Callable[[_State], bool]] = {
    "Ready is always present": _ready_is_there,
    "every type of condition is there once": _each_type_once,
    "Reconciling and Stalled are True or absent": _abnormal_is_true_or_absent,
    "never both Reconciling and Stalled": _not_reconciling_and_stalled,
    "Reconciling=True: Ready is not True": _reconciling_is_not_ready,
    "Stalled=True: Ready=False": _stalled_is_false,
    "Ready=Unknown: Reconciling=True": _unknown_is_reconciling,
    "no observedGeneration is above the generation": _nothing_from_the_future,
    "all conditions speak of the generation that the status speaks of": _all_speak_of_one_generation,
    "Current to kstatus is Ready=True about the newest generation": _current_is_ready,
    "a reason is one word": _reasons_are_one_word,
    "a message says something": _messages_say_something,
    "a condition has a time": _times_are_there,
    "lists are bounded": _lists_are_bounded,
}


def broken_rules(resource: Json) -> list[str]:
    """The rules that this state breaks. A resource that nobody has looked at yet has no conditions, and -1."""
    state = _State(resource)
    if state.observed == NEVER_LOOKED_AT and not state.conditions:
        return []
    return [rule for rule, holds in _RULES.items() if not holds(state)]


def broken_transition(before: Json, after: Json) -> list[str]:
    """The rules that going from one state to the next breaks."""
    was = {one["type"]: one for one in _State(before).conditions}
    broken = [
        f"lastTransitionTime of {one['type']} moves with its status only"
        for one in _State(after).conditions
        if one["type"] in was
        and one["status"] == was[one["type"]]["status"]
        and one["lastTransitionTime"] != was[one["type"]]["lastTransitionTime"]
    ]
    if _State(after).observed < _State(before).observed and _State(after).conditions:
        broken.append("observedGeneration never goes back")
    return broken


def kstatus(resource: Json) -> str:
    """What kstatus makes of it: Terminating, InProgress, Failed or Current."""
    state = _State(resource)
    if resource["metadata"].get("deletionTimestamp"):
        return "Terminating"
    if "observedGeneration" in state.status and state.observed != state.generation:
        return "InProgress"
    if state.is_("Reconciling") == "True":
        return "InProgress"
    if state.is_("Stalled") == "True":
        return "Failed"
    if state.is_("Ready"):
        return "Current" if state.is_("Ready") == "True" else "InProgress"
    return "Current"


def _generations(it: _State) -> tuple[int, ...]:
    return tuple(int(one.get("observedGeneration", NEVER_LOOKED_AT)) for one in it.conditions)
