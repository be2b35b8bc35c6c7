"""Rules from a file: what was edited is refused at load, not at the first draw."""

import json

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from tables_rules_planted import planted

from gan_augment import persistence
from gan_augment.persistence import ModelFileError
from gan_augment.tables.rules import STATE_CLASSES, Rules

# Together they have every class of rules and of steps that holds arrays.
TABLES = (
    "order",
    "many_codes",
    "bins",
    "month",
    "constant_of_a_level",
    "never_together",
)


def saved(kind, path):
    frame, _ = planted(kind, 600, 0, missing=0.1)
    persistence.save(Rules().fit(frame).get_state(), path)
    return load_file(path / "model.safetensors")


def load(path):
    persistence.seal(path)
    return persistence.load(path, STATE_CLASSES)


def nonsense(array):
    """Arrays of the same dtype that hold what no fit learns, by the name of an edit."""
    edits = {"shorter": array[:-1], "flat": np.tile(array, (2, 1))}
    if array.dtype.kind == "i":
        edits |= {"beyond": array + 10**6, "below": array - 10**6}
    if array.dtype.kind == "f":
        edits |= {"NaN": array * np.nan, "infinite": array + np.inf}
    is_shares = np.isclose(array.sum(), 1)  # which have no order
    if array.dtype.kind == "f" and (np.diff(array) > 0).any() and not is_shares:
        edits["descending"] = array[::-1].copy()
    return edits


@pytest.mark.parametrize("kind", TABLES)
def test_edited_arrays_are_refused_when_they_are_loaded(kind, tmp_path):
    arrays = {name: a for name, a in saved(kind, tmp_path).items() if a.size}
    load(tmp_path)
    edited = 0
    for name, array in arrays.items():
        if array.dtype == np.uint64:  # points of a grid, which a fit may have or not
            continue
        for edit, other in nonsense(array).items():
            save_file(arrays | {name: other}, tmp_path / "model.safetensors")
            persistence.seal(tmp_path)
            try:
                persistence.load(tmp_path, STATE_CLASSES)
            except ModelFileError:
                edited += 1
            else:
                pytest.fail(f"{edit} {name} was loaded: {array!r}")
    assert edited > 3


@pytest.mark.parametrize("kind", ["sum", "product"])
@pytest.mark.parametrize("number", [{"$float": "nan"}, {"$float": "inf"}, "1"])
def test_edited_numbers_of_arithmetic_are_refused(kind, number, tmp_path):
    saved(kind, tmp_path)
    file = tmp_path / "model.json"
    text = file.read_text()
    fields = json.loads(text)["tree"]["rules"][0]["fields"]
    names = [name for name in ("tolerance", "intercept", "factor") if name in fields]
    assert len(names) == 2
    for name in names:
        document = json.loads(text)
        document["tree"]["rules"][0]["fields"][name] = number
        file.write_text(json.dumps(document))
        with pytest.raises(ModelFileError):
            load(tmp_path)


@pytest.mark.parametrize("change", [list.pop, lambda factors: factors.append(1.0)])
def test_a_sum_has_a_factor_for_every_term(change, tmp_path):
    saved("sum", tmp_path)
    file = tmp_path / "model.json"
    document = json.loads(file.read_text())
    change(document["tree"]["rules"][0]["fields"]["factors"])
    file.write_text(json.dumps(document))
    with pytest.raises(ModelFileError):
        load(tmp_path)
