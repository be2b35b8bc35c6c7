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
from dataclasses import dataclass
from typing import Self

import numpy as np

# Fresh values for each one of the table, at least.
FRESH_PER_VALUE = 4
# Numbers of a region: their products stay within 64 bits.
LARGEST_SPACE = 2**31
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
class Region:
    """Whole numbers below `size` of which the table has none.

    Parameters
    ----------
    size : int
        Number of values, at most 2**31.
    step : int
        Has no divisor in common with `size`: the numbers are ordered as multiples of
        `step` modulo `size`. 1 is their own order.
    start, stop : int
        Half-open range of positions in that order.
    """

    size: int
    step: int
    start: int
    stop: int

    def __post_init__(self) -> None:
        sound = 0 <= self.start < self.stop <= self.size <= LARGEST_SPACE
        if not sound or math.gcd(self.step, self.size) != 1:
            raise ValueError(f"{self.start} to {self.stop} is no range of {self.size}.")

    @classmethod
    def all_of(cls, size: int) -> Self:
        """All numbers."""
        return cls(size, 1, 0, size)

    @classmethod
    def free_of(cls, taken: np.ndarray, size: int, step: int) -> Self:
        """A block without a number that is taken, of 1, 2, 4, ... blocks of one size.

        Raises a ValueError if all numbers are taken.
        """
        positions = taken.astype(np.int64) * pow(step, -1, size) % size
        n_blocks = 1
        while True:
            counts = np.bincount(positions * n_blocks // size, minlength=n_blocks)
            free = np.flatnonzero(counts == 0)
            if len(free):
                block = int(free[len(free) // 2])
                first, stop = (-(-b * size // n_blocks) for b in (block, block + 1))
                return cls(size, step, first, stop)
            if n_blocks == size:
                raise ValueError(f"A number below {size} must not be taken.")
            n_blocks = min(2 * n_blocks, size)

    def __len__(self) -> int:
        return self.stop - self.start

    def numbers(self, positions: np.ndarray) -> np.ndarray:
        """The numbers at positions from 0 to the length."""
        return (positions.astype(np.int64) + self.start) * self.step % self.size


def find_region(taken: np.ndarray, size: int, n_wanted: int) -> Region | None:
    """Find a region of at least `n_wanted` numbers, None if there is none.

    In a scattered order, so that fresh values lie everywhere among the others, or, if
    these fill the space too densely, in their own order, beside them.
    """
    for step in (_scattering_step(size), 1):
        if len(np.unique(taken)) >= size:
            return None
        region = Region.free_of(taken, size, step)
        if len(region) >= n_wanted:
            return region
    return None


def _scattering_step(size: int) -> int:
    """A number near the golden section of the size that has no divisor in common."""
    step = max(1, round(size * 0.6180339887))
    while math.gcd(step, size) != 1:
        step += 1
    return step


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
        low = self.region.numbers(drawn % len(self.region))
        high = drawn // len(self.region)
        characters = np.empty((n_texts, len(self.alphabets)), dtype="U1")
        for numbers, positions in (
            (low, range(len(self._radices) - 1, self._split - 1, -1)),
            (high, range(self._split - 1, -1, -1)),
        ):
            room = 1
            for position in positions:
                alphabet = np.array(list(self.alphabets[position]))
                if room > most:  # further ones are beyond what was drawn
                    index = rng.integers(0, len(alphabet), n_texts)
                else:
                    numbers, index = np.divmod(numbers, len(alphabet))
                characters[:, position] = alphabet[index]
                room *= len(alphabet)
        return ["".join(row) for row in characters.tolist()]


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
    """

    shapes: list[Shape]

    @classmethod
    def of(cls, texts: list[str], name: Hashable) -> Self:
        """Learn the pattern of different texts of a column."""
        by_shape: dict[str, list[str]] = {}
        for text in texts:
            by_shape.setdefault(text.translate(_AS_SHAPE), []).append(text)
        known = {s: t for s, t in by_shape.items() if len(t) >= FEWEST_ALIKE}
        n_known = sum(map(len, known.values()))
        if len(known) > MOST_SHAPES or n_known < COVERED * len(texts):
            return cls([_placeholder(texts, name)])
        n_wanted = FRESH_PER_VALUE * len(texts)
        shapes = []
        for alike in known.values():
            found = _find_shape(alike, n_wanted)
            if found is not None:
                found.weight = len(alike) / n_known
                shapes.append(found)
        if shapes:
            return cls(shapes)
        longest = max(known, key=len)
        return cls([_lengthened(known[longest], set(by_shape), n_wanted)])

    @property
    def n_fresh(self) -> int:
        """Number of different texts that can be drawn."""
        return sum(shape.n_fresh for shape in self.shapes)

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
    """

    offset: int
    n_parts: int
    region: Region

    @classmethod
    def of(cls, values: list[int], smallest: int, largest: int) -> Self:
        """Learn the pattern of different whole numbers, within those of a dtype.

        Raises a ValueError if the dtype has no other numbers.
        """
        taken = set(values)
        n_wanted = FRESH_PER_VALUE * len(taken)
        low, high = min(taken), max(taken)
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
                region = Region.free_of(inside, size, _scattering_step(size))
                n_parts = span // size
                if len(region) * n_parts >= n_wanted:
                    return cls(offset, n_parts, region)
        unit = 10 ** max(0, len(str(abs(high))) - 1)
        above, below = (high // unit + 1) * unit, low - 1 - n_wanted
        if above + n_wanted <= largest:
            return cls(above, 1, Region.all_of(n_wanted))
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
    varied = [i for i, a in enumerate(alphabets) if len(a) > 1]
    end = (varied[-1] if varied else len(alphabets) - 1) + 1
    alphabets.insert(end, string.digits)
    while (
        "".join(a[0] for a in alphabets).translate(_AS_SHAPE) in shapes
        or math.prod(map(len, alphabets)) < n_wanted
    ):
        alphabets.insert(end, string.digits)
    return _free_shape(alphabets)


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
