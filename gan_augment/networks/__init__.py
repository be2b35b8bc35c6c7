"""Torch modules. They know spans and tensors, nothing of tables or scikit-learn."""
