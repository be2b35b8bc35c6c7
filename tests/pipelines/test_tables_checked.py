"""What check_table finds on the tables of the benchmark is there, and nothing else."""

import pytest

from gan_augment import check_table
from pipelines.datasets import DATASETS, load

# Table -> rows that repeat an earlier row of their class, and rows that equal one of
# another class. Of all others nothing is found; some of them have so few different
# values, or so few repeats, that rows repeat by chance.
FOUND = {
    "credit_data": (0, 2),
    "wa_churn": (13, 30),
    "Caravan": (445, 94),
    "yeast4": (31, 0),
    "yeast6": (31, 0),
    "page-blocks0": (59, 31),
    "glass5": (1, 0),
    "winequality-red-4": (240, 0),
}


@pytest.mark.parametrize("name", DATASETS)
def test_findings_are_rows_that_repeat_and_no_others(name):
    data = load(name)
    check = check_table(data.X, data.is_rare)
    labelled = data.X.assign(label=data.is_rare)
    repeated = labelled.duplicated()
    rows = data.X.groupby([*data.X], dropna=False, observed=True).ngroup()
    classes = labelled["label"].groupby(rows).transform("nunique")
    there = {
        "duplicated rows": float(repeated.sum()),
        "duplicated rows across classes": float((classes > 1).sum()),
    }
    found = {finding.kind: finding.evidence["rows"] for finding in check}
    assert found.items() <= there.items()
    assert tuple(found.get(kind, 0) for kind in there) == FOUND.get(name, (0, 0))
