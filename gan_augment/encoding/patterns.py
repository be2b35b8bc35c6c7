"""Patterns of identifiers, and fresh values that a table does not have.

The state of a pattern holds no value of the table, nor anything from which one could
be found by trying all possible values, as hashes of phone numbers could. It holds which
characters may be at which position, and one *region*: the values of the pattern are
numbered, and of blocks of these numbers one is chosen in which the table has none.
That a block is free says nothing of the values elsewhere.
"""

from __future__ import annotations

import math
import re
import string
from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from gan_augment.encoding.regions import (
    LARGEST_SPACE,
    Region,
    Share,
    find_region,
    scattering_step,
)

# Fewest fresh values for each value of the table.
FRESH_PER_VALUE = 4
# Texts of one shape from which its characters are learned.
FEWEST_ALIKE = 10
# Texts for each character of a class from which one that is never seen is left out.
SEEN_PER_CHARACTER = 20
# More shapes than this are those of names and of free text.
MOST_SHAPES = 50
# Share of the texts whose shapes must be known.
COVERED = 0.8

_CLASSES = (
    string.digits,
    string.digits + "abcdef",
    string.digits + "ABCDEF",
    string.ascii_lowercase,
    string.ascii_uppercase,
    string.digits + string.ascii_lowercase,
    string.digits + string.ascii_uppercase,
    string.ascii_letters,
    string.digits + string.ascii_letters,
)
_AS_SHAPE = str.maketrans(dict.fromkeys(string.digits + string.ascii_letters, "x"))


@dataclass(eq=False)
class Shape:
    """Texts of one length with the same separators.

    Parameters
    ----------
    alphabets : list of str
        The characters that each position may have.
    region : Region
        Numbers of the last positions, as many of them as fit.
    weight : float
        Share of the table's texts that have the shape.
    """

    alphabets: list[str]
    region: Region
    weight: float = 1.0

    def __post_init__(self) -> None:
        self._radices = [len(alphabet) for alphabet in self.alphabets]
        self._split = split_of(self._radices)
        if self.region.size != math.prod(self._radices[self._split :]):
            raise ValueError(f"{self.region.size} values for {self._radices}.")

    @property
    def n_fresh(self) -> int:
        """Number of different texts that can be drawn."""
        return len(self.region) * math.prod(self._radices[: self._split])

    def draw(self, n_texts: int, rng: np.random.Generator) -> list[str]:
        """Texts that differ, as long as there are enough."""
        most = min(self.n_fresh, 2**62)
        drawn = rng.choice(most, n_texts, replace=n_texts > most)
        numbers = self.region.numbers(drawn % len(self.region))
        high = drawn // len(self.region)
        # Of the first positions, those that the numbers do not reach are drawn.
        room, n_high = 1, -(-most // len(self.region))
        characters = np.empty((n_texts, len(self.alphabets)), dtype="U1")
        for position in range(len(self._radices) - 1, -1, -1):
            if position == self._split - 1:
                numbers = high
            alphabet = np.array(list(self.alphabets[position]))
            if position < self._split and room >= n_high:
                index = rng.integers(0, len(alphabet), n_texts)
            else:
                numbers, index = np.divmod(numbers, len(alphabet))
            if position < self._split:
                room *= len(alphabet)
            characters[:, position] = alphabet[index]
        return ["".join(row) for row in characters.tolist()]

    def share(self, rows: Share) -> Self:
        """The texts of some rows among all."""
        return replace(self, region=self.region.share(rows))

    def lengthened(self, length: int, n_rows: int) -> Shape:
        """Texts of more digits, of at least a length, with room for the rows."""
        alphabets, end = list(self.alphabets), _end_of_digits(self.alphabets)
        while len(alphabets) < length or not has_room(_n_texts(alphabets), n_rows):
            alphabets.insert(end, string.digits)
        return _free_shape(alphabets)


def split_of(radices: list[int]) -> int:
    """First position from which on all positions together fit into a region."""
    room, split = 1, len(radices)
    while split and room * radices[split - 1] <= LARGEST_SPACE:
        split -= 1
        room *= radices[split]
    return split


@dataclass(eq=False)
class TextPattern:
    """Fresh texts that look like those of a column.

    Parameters
    ----------
    shapes : list of Shape
        The shapes that have fresh texts.
    longest : int
        Number of characters of the table's longest text: longer ones are fresh.
    """

    shapes: list[Shape]
    longest: int

    @classmethod
    def of(cls, texts: list[str], name: Hashable) -> Self:
        """Learn the pattern of different texts of a column."""
        longest = max(map(len, texts))
        by_shape: dict[str, list[str]] = {}
        for text in texts:
            by_shape.setdefault(text.translate(_AS_SHAPE), []).append(text)
        known = {s: t for s, t in by_shape.items() if len(t) >= FEWEST_ALIKE}
        n_known = sum(map(len, known.values()))
        if len(known) > MOST_SHAPES or n_known < COVERED * len(texts):
            return cls([_placeholder(texts, name)], longest)
        n_wanted = FRESH_PER_VALUE * len(texts)
        shapes = []
        for alike in known.values():
            found = _find_shape(alike, n_wanted)
            if found is not None:
                found.weight = len(alike) / n_known
                shapes.append(found)
        if shapes:
            return cls(shapes, longest)
        texts = known[max(known, key=len)]
        return cls([_lengthened(texts, set(by_shape), n_wanted)], longest)

    @property
    def n_fresh(self) -> int:
        """Number of different texts that can be drawn."""
        return sum(shape.n_fresh for shape in self.shapes)

    def share(self, rows: Share) -> Self:
        """The texts of some rows among all, of the shapes that have enough of them.

        If none has, the texts have more digits than any of the table.
        """
        wide = [shape for shape in self.shapes if has_room(shape.n_fresh, rows.total)]
        if not wide:
            most = max(self.shapes, key=lambda shape: shape.weight)
            wide = [most.lengthened(self.longest + 1, rows.total)]
        return replace(self, shapes=[shape.share(rows) for shape in wide])

    def draw(self, n_texts: int, rng: np.random.Generator) -> np.ndarray:
        """Texts that differ, as long as there are enough, as objects."""
        weights = np.array([shape.weight for shape in self.shapes])
        choice = rng.choice(len(self.shapes), n_texts, p=weights / weights.sum())
        texts = np.empty(n_texts, dtype=object)
        for index, shape in enumerate(self.shapes):
            texts[choice == index] = shape.draw(int((choice == index).sum()), rng)
        return texts


@dataclass(eq=False)
class IntegerPattern:
    """Fresh whole numbers: among those of a column, or above them if these are dense.

    Parameters
    ----------
    offset : int
        The number that comes first.
    n_parts : int
        How many times the region's space follows it.
    region : Region
        Numbers of one part.
    above, n_above : int
        The first of the numbers above these and those of the table, and how many of
        them the dtype has.
    """

    offset: int
    n_parts: int
    region: Region
    above: int = 0
    n_above: int = 0

    @classmethod
    def of(cls, values: list[int], smallest: int, largest: int) -> Self:
        """Learn the pattern of different whole numbers, within those of a dtype.

        Raises a ValueError if the dtype has no other numbers.
        """
        taken = set(values)
        n_wanted = FRESH_PER_VALUE * len(taken)
        low, high = min(taken), max(taken)
        unit = 10 ** max(0, len(str(abs(high))) - 1)
        above, below = (high // unit + 1) * unit, low - 1 - n_wanted
        unit = 10 ** max(0, len(str(high - low)) - 2)
        # The ends are no values of the table, which would be saved.
        offset = -(-(low + 1) // unit) * unit
        while offset in taken:
            offset += 1
        span = high - offset
        if span > n_wanted:
            size = min(span, LARGEST_SPACE)
            rest = np.array([(v - offset) % size for v in taken], dtype=np.int64)
            inside = rest[np.array([offset <= v < high for v in taken])]
            if len(np.unique(inside)) < size:
                region = Region.free_of(inside, size, scattering_step(size))
                n_parts = span // size
                if len(region) * n_parts >= n_wanted:
                    n_above = max(0, largest - above + 1)
                    return cls(offset, n_parts, region, above, n_above)
        if above + n_wanted <= largest:
            rest = above + n_wanted
            n_above = largest - rest + 1
            return cls(above, 1, Region.all_of(n_wanted), rest, n_above)
        if below >= smallest:
            return cls(below, 1, Region.all_of(n_wanted))
        # Of a dtype of few bits: as many as it has.
        size = min(largest - smallest + 1, LARGEST_SPACE)
        places = np.array([v - smallest for v in taken if v - smallest < size])
        return cls(smallest, 1, Region.free_of(places, size, 1))

    @property
    def n_fresh(self) -> int:
        """Number of different values that can be drawn."""
        return len(self.region) * self.n_parts

    def share(self, rows: Share) -> Self:
        """The numbers of some rows among all."""
        if has_room(self.n_fresh, rows.total):
            return replace(self, region=self.region.share(rows))
        if self.n_above < rows.total:
            most = max(self.n_fresh, self.n_above)
            raise ValueError(f"there are {most} fresh values for {rows.total} rows")
        region = Region.all_of(rows.stop - rows.first)
        return type(self)(self.above + rows.first, 1, region)

    def draw(self, n_values: int, rng: np.random.Generator) -> np.ndarray:
        """Whole numbers that differ, as long as there are enough, as objects."""
        most = min(self.n_fresh, 2**62)
        drawn = rng.choice(most, n_values, replace=n_values > most)
        low = self.region.numbers(drawn % len(self.region)).tolist()
        parts = (drawn // len(self.region)).tolist()
        values = np.empty(n_values, dtype=object)
        values[:] = [
            self.offset + part * self.region.size + number
            for part, number in zip(parts, low, strict=True)
        ]
        return values


def has_room(n_fresh: int, n_rows: int) -> bool:
    """Whether all shares of so many values have enough for their rows."""
    return n_fresh >= 2 * n_rows


PATTERN_CLASSES = (Region, Shape, TextPattern, IntegerPattern)


def _find_shape(texts: list[str], n_wanted: int) -> Shape | None:
    """A shape with enough fresh texts: as seen, or with all digits for fixed ones."""
    seen = np.array(texts).view("U1").reshape(len(texts), -1)
    alphabets = [_alphabet(np.unique(column), len(texts)) for column in seen.T]
    for tried in (alphabets, _with_free_digits(alphabets)):
        radices = [len(alphabet) for alphabet in tried]
        split = split_of(radices)
        taken = np.zeros(len(texts), dtype=np.int64)
        for position in range(split, len(tried)):
            letters = np.array(list(tried[position]))
            order = np.argsort(letters)
            found = order[np.searchsorted(letters[order], seen[:, position])]
            taken = taken * len(letters) + found
        n_high = math.prod(radices[:split])
        size = math.prod(radices[split:])
        region = find_region(taken, size, -(-n_wanted // n_high))
        if region is not None:
            return Shape(tried, region)
    return None


def _alphabet(seen: np.ndarray, n_texts: int) -> str:
    """Characters that a position may have: those seen, or all of their class."""
    characters = "".join(seen.tolist())
    if len(characters) == 1:
        return characters
    whole = next(c for c in _CLASSES if set(characters) <= set(c))
    return characters if n_texts >= SEEN_PER_CHARACTER * len(whole) else whole


def _with_free_digits(alphabets: list[str]) -> list[str]:
    """Digits that never vary may, as those do that follow them."""
    freed = list(alphabets)
    for position in range(len(freed) - 2, -1, -1):
        follows = len(freed[position + 1]) > 1 and freed[position + 1][0].isdigit()
        if freed[position].isdigit() and follows:
            first = position == 0 or not alphabets[position - 1].isalnum()
            freed[position] = "123456789" if first else string.digits
            freed[position] = "".join(sorted({*freed[position], *alphabets[position]}))
    return freed


def _lengthened(texts: list[str], shapes: set[str], n_wanted: int) -> Shape:
    """More digits than any text of the table has where its last digits are."""
    seen = np.array(texts).view("U1").reshape(len(texts), -1)
    alphabets = [_alphabet(np.unique(column), len(texts)) for column in seen.T]
    end = _end_of_digits(alphabets)
    alphabets.insert(end, string.digits)
    while (
        "".join(a[0] for a in alphabets).translate(_AS_SHAPE) in shapes
        or _n_texts(alphabets) < n_wanted
    ):
        alphabets.insert(end, string.digits)
    return _free_shape(alphabets)


def _end_of_digits(alphabets: list[str]) -> int:
    """Where more digits go: after the last position that varies."""
    varied = [i for i, alphabet in enumerate(alphabets) if len(alphabet) > 1]
    return (varied[-1] if varied else len(alphabets) - 1) + 1


def _n_texts(alphabets: list[str]) -> int:
    return math.prod(map(len, alphabets))


def _placeholder(texts: list[str], name: Hashable) -> Shape:
    """What names and free text become: the column's name and a number."""
    words = re.findall(r"[a-z0-9]+", name.casefold()) if isinstance(name, str) else []
    prefix = "-".join(words)[:40] or "text"
    lowered = [text.casefold() for text in texts]
    while any(text.startswith(f"{prefix}-") for text in lowered):
        prefix = f"fresh-{prefix}"
    n_digits = max(6, len(str(FRESH_PER_VALUE * len(texts))))
    is_mail = sum("@" in text for text in texts) >= COVERED * len(texts)
    ending = "@example.com" if is_mail else ""
    return _free_shape([*f"{prefix}-", *[string.digits] * n_digits, *ending])


def _free_shape(alphabets: list[str]) -> Shape:
    radices = [len(alphabet) for alphabet in alphabets]
    return Shape(alphabets, Region.all_of(math.prod(radices[split_of(radices) :])))
