"""The models of the ctgan package, an optional dependency, as estimators of ours."""

from gan_augment.gans.ctgan.models import CTGAN, TVAE

__all__ = ["CTGAN", "TVAE"]
