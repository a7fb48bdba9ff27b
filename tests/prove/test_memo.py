"""Does a run that is remembered come to what it comes to when it is made, and is none made twice?"""

from __future__ import annotations

from hypothesis import given

from ipsec_lo_trace.prove.host import by
from ipsec_lo_trace.prove.path import Memo, Path, explore, size
from tests.prove.support import hosts_in
from tests.prove.test_path import EVERY, HOSTS, KERNELS, TREES, Tree, plainly, run


@given(TREES, TREES)
def test_two_remembered_runs_come_to_what_they_do(one: Tree, other: Tree) -> None:
    """Over every host and kernel, two programs that are remembered come to what each by itself does."""
    memos = [Memo(EVERY, lambda path, tree=tree: run(tree, path)) for tree in (one, other)]  # type: ignore[misc]
    leaves = list(explore(dict(HOSTS), dict(KERNELS), lambda path: tuple(memo(path) for memo in memos)))
    assert sum(size(leaf.hosts) for leaf in leaves) == size(HOSTS)
    for leaf in leaves:
        for host in hosts_in(leaf.hosts):
            for box, came in leaf.done:
                for kernel in hosts_in(box):
                    assert came == (plainly(one, host | kernel), plainly(other, host | kernel))


@given(TREES, TREES)
def test_a_remembered_run_is_made_once_for_the_same_answers(one: Tree, other: Tree) -> None:
    """Beside another program, a remembered one is run as often as it has answers that differ, and no more."""
    made: list[dict[str, int]] = []

    def counted(path: Path) -> int:
        result = run(one, path)
        made.append(dict(path.hosts))
        return result

    memo = Memo(EVERY, counted)
    list(explore(dict(HOSTS), dict(KERNELS), lambda path: (run(other, path), memo(path))))
    for case in hosts_in(EVERY):
        assert sum(all(box[name] >> at & 1 for name, at in case.items()) for box in made) == 1


def test_what_a_choice_answers_is_asked_of_one_that_is_left() -> None:
    """A remembered run goes on with the answer of a choice that the path still has."""
    memo = Memo(EVERY, lambda path: by(path, "a", [10, 20, 20], int))

    def after(path: Path) -> int:
        return 0 if path.ask("a", 0b001) else memo(path)

    leaves = explore(dict(HOSTS), dict(KERNELS), after)
    came = {leaf.hosts["a"]: result for leaf in leaves for _, result in leaf.done}
    assert came == {0b001: 0, 0b110: 20}
