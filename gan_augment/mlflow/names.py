"""Names of parameters, metrics and tags: as MLflow takes them, and our own."""

from __future__ import annotations

# MLflow refuses more characters in a name.
MAX_NAME_LENGTH = 250
# A run's tag: what it is, such as a fit, a fit on a fold, or a comparison.
KIND_TAG = "gan_augment.kind"
VERSION_TAG = "gan_augment.version"
# A description that MLflow shows on the page of a run.
NOTE_TAG = "mlflow.note.content"
NAME_TAG = "mlflow.runName"
# Result of a comparison or a report: in a word, and in a sentence.
OUTCOME_TAG, VERDICT_TAG = "gan_augment.outcome", "gan_augment.verdict"


def check_registered_name(name: str) -> None:
    """Raise a ValueError if nothing can be registered under a name."""
    if not isinstance(name, str) or not name.strip() or set(name) & set('/:"'):
        raise ValueError(
            "`registered_model_name` must be a name without '/', ':' and '\"'. Got "
            f"{name!r}. Choose another, such as 'churn-generator'."
        )


def valid_text(value: object, length: int) -> str:
    """A value as a text that every store takes: cut, and without lone surrogates."""
    return str(value)[:length].encode("utf-8", "replace").decode("utf-8")


def readable(text: str) -> str:
    """Spell lone surrogates, which no file can hold, by their numbers."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def quoted(text: str) -> str:
    """A text as a filter string of MLflow writes it."""
    return f'"{text}"' if "'" in text else f"'{text}'"


class ValidNames(dict[str, str]):
    """A name -> the name that MLflow takes, of which no two are the same.

    Examples
    --------
    >>> names = ValidNames()
    >>> names["n_<=50K"], names["n_>=50K"], names["n_<=50K"]
    ('n___50K', 'n___50K 2', 'n___50K')
    """

    def __missing__(self, name: str) -> str:
        """Replace what MLflow refuses; number a name that is taken."""
        text = "".join(c if c.isalnum() or c in "_-. /" else "_" for c in name)
        # It must be a path in its shortest form.
        parts = [part for part in text.split("/") if part.strip(".")]
        text = unique = "/".join(parts)[:MAX_NAME_LENGTH].rstrip("/") or "_"
        taken, number = set(self.values()), 1
        while unique in taken:
            number += 1
            suffix = f" {number}"
            unique = text[: MAX_NAME_LENGTH - len(suffix)] + suffix
        self[name] = unique
        return unique
