"""Forward push finds what plain power iteration finds, without looking at everything."""

from collections.abc import Mapping

from hypothesis import given, settings, strategies as st

from steward.context.map.rank import RESTART, ranks

Graph = dict[int, dict[int, float]]
WEIGHTS = st.floats(min_value=0.01, max_value=10)
GRAPHS = st.integers(min_value=1, max_value=30).flatmap(
    lambda size: st.tuples(
        st.dictionaries(
            st.integers(0, size - 1),
            st.dictionaries(st.integers(0, size - 1), WEIGHTS, max_size=6),
            max_size=size,
        ),
        st.dictionaries(st.integers(0, size - 1), WEIGHTS, min_size=1, max_size=4),
    )
)


def iterated(graph: Graph, seeds: Mapping[int, float], rounds: int = 300) -> dict[int, float]:
    """Personalised PageRank by its definition: a reader who begins again now and then."""
    whole = sum(seeds.values())
    start = {node: weight / whole for node, weight in seeds.items()}
    rank = dict(start)
    for _ in range(rounds):
        following = {node: RESTART * weight for node, weight in start.items()}
        for node, mass in rank.items():
            edges = graph.get(node) or start
            total = sum(edges.values())
            for target, weight in edges.items():
                share = (1 - RESTART) * mass * weight / total
                following[target] = following.get(target, 0.0) + share
        rank = following
    return rank


@settings(max_examples=60, deadline=None)
@given(GRAPHS)
def test_ranks_are_those_of_power_iteration(made: tuple[Graph, dict[int, float]]) -> None:
    graph, seeds = made
    exact = iterated(graph, seeds)
    found = ranks(seeds, lambda node: graph.get(node, {}), residue_min=1e-6, pushes_max=1_000_000)
    for node, rank in exact.items():
        assert found.get(node, 0.0) <= rank + 1e-9
    missing = sum(exact.values()) - sum(found.values())
    assert missing + 1e-9 >= 0
    assert missing <= 30 * 1e-6 + 1e-9


def test_only_what_is_near_the_seeds_is_looked_at() -> None:
    looked_at: set[int] = set()

    def next_of(node: int) -> Mapping[int, float]:
        looked_at.add(node)
        return {node + 1: 1.0}  # A chain without an end.

    found = ranks({0: 1.0}, next_of)

    assert found[0] > found[10] > 0
    assert len(looked_at) < 100


def test_the_work_is_bounded_where_everything_leads_everywhere() -> None:
    everything = dict.fromkeys(range(500), 1.0)
    pushes = 0

    def edges(_node: int) -> Mapping[int, float]:
        nonlocal pushes
        pushes += 1
        return everything

    ranks({0: 1.0}, edges, residue_min=0.0, pushes_max=50)

    assert 10 < pushes <= 50


def test_nothing_is_ranked_without_a_seed() -> None:
    assert ranks({}, lambda _: {1: 1.0}) == {}
    assert ranks({0: 0.0}, lambda _: {1: 1.0}) == {}


def test_a_heavier_edge_gives_a_higher_rank() -> None:
    found = ranks({0: 1.0}, lambda node: {1: 9.0, 2: 1.0} if node == 0 else {})
    assert found[1] > 5 * found[2]
