"""Personalised PageRank, worked out only where it is not nought.

Forward push (R. Andersen, F. Chung, K. Lang: "Local graph partitioning using PageRank vectors",
FOCS 2006): what a node has been given and not passed on yet is its residue. A node keeps a part
of its residue and passes the rest on, until no residue is worth passing on. Only nodes near the
seeds are ever looked at, so the size of the repository does not matter.
"""

from collections import deque
from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

N = TypeVar("N", bound=Hashable)

RESTART = 0.15
"""The part of its residue that a node keeps: how often a reader goes back to where he began."""


def ranks(
    seeds: Mapping[N, float],
    edges: Callable[[N], Mapping[N, float]],
    *,
    residue_min: float = 2e-3,
    pushes_max: int = 250,
) -> dict[N, float]:
    """The rank of every node near the seeds; the seeds' weights and the ranks sum to at most 1.

    A rank is never more than the exact one. All ranks together fall short by the residues that
    were left: at most `residue_min` for every node seen, unless `pushes_max` ended it before.
    A node without edges passes its residue on to the seeds.
    """
    whole = sum(seeds.values())
    if whole <= 0:
        return {}
    start = {node: weight / whole for node, weight in seeds.items() if weight > 0}
    rank: dict[N, float] = {}
    residue = dict(start)
    queue = deque(start)
    waiting = set(start)
    shares: dict[N, Mapping[N, float]] = {}
    for _ in range(pushes_max):
        if not queue:
            break
        node = queue.popleft()
        waiting.discard(node)
        given = residue.pop(node)
        rank[node] = rank.get(node, 0.0) + RESTART * given
        if node not in shares:
            shares[node] = _shares(edges(node), start)
        for target, share in shares[node].items():
            left = residue.get(target, 0.0) + (1 - RESTART) * given * share
            residue[target] = left
            if left > residue_min and target not in waiting:
                waiting.add(target)
                queue.append(target)
    return rank


def _shares(weights: Mapping[N, float], start: Mapping[N, float]) -> Mapping[N, float]:
    whole = sum(weights.values())
    if whole <= 0:
        return start
    return {target: weight / whole for target, weight in weights.items() if weight > 0}
