"""The benchmark of a GPU: what it trains in bfloat16 can be saved and drawn from."""

import pytest
import torch

from gan_augment import TabularGAN
from pipelines.gpu import TabularGANOfPrecision, make_table


def test_a_table_is_learned_in_bfloat16_and_saved_in_float32(tmp_path):
    X, y = make_table(300, 0)
    gan = TabularGANOfPrecision(generator="network", max_steps=5, random_state=0)
    gan.low_precision = True
    gan.fit(X, y).save(tmp_path)
    kinds = {weights.dtype.name for weights in gan.generator_weights_.values()}
    assert kinds == {"float32"}
    with pytest.raises(ValueError, match="TabularGAN"):
        TabularGAN.load(tmp_path)
    rows, _ = TabularGANOfPrecision.load(tmp_path).sample(20)
    assert rows.dtypes.equals(X.dtypes)
    assert gan._training_dtype() is torch.bfloat16
