"""Checks and rules of a table, before anything is trained."""

from gan_augment.tables.check import TableCheck, TableWarning, check_table

__all__ = ["TableCheck", "TableWarning", "check_table"]
