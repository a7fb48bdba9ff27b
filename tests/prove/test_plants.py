from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.prove.plants import KERNEL, ROOT, Plant, Planter, counted, planter, plants

SAMPLE = [plant for plant in counted() if not plant.unseen][::20]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planter]:
    """Copy the project, and start there what plants the faults."""
    with planter(tmp_path_factory.mktemp("copy")) as made:
        yield made


@pytest.mark.slow
@pytest.mark.parametrize("plant", SAMPLE, ids=lambda plant: plant.does)
def test_a_planted_fault_is_noticed(plant: Plant, copy: Planter) -> None:
    """With a fault of the sample in place, the claims come to something else, or cannot be run."""
    assert copy.tried(plant).how != "missed"


@pytest.mark.parametrize("plant", plants(), ids=lambda plant: plant.does)
def test_a_fault_can_be_planted(plant: Plant) -> None:
    """What stands in a fault's place stands there once, and the fault leaves a program."""
    text = (ROOT / KERNEL / plant.file).read_text(encoding="utf-8")
    assert text.count(plant.right) == 1
    assert plant.wrong != plant.right
    ast.parse(text.replace(plant.right, plant.wrong))


def test_a_fault_is_equivalent_or_unseen_or_neither() -> None:
    """No fault has both a reason to be no fault and one not to be seen, and none is there twice."""
    assert not [plant.does for plant in plants() if plant.equivalent and plant.unseen]
    assert len({plant.does for plant in plants()}) == len(plants())
