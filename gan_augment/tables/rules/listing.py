"""Rules as they are listed: orders that follow from each other as one chain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from gan_augment.tables.rules.order import Order
from gan_augment.tables.rules.rule import Rule


def listed(rules: Iterable[Rule]) -> Iterator[tuple[str, str]]:
    """Kind and words of each line: a rule, or several such as ``a <= b < c``."""
    rules = list(rules)
    orders = [rule for rule in rules if isinstance(rule, Order) and not rule.gap]
    chains = _chains(orders)
    told: set[int] = set()
    for rule in rules:
        if id(rule) in told:
            continue
        chain = next((chain for chain in chains if rule in chain), [])
        told |= {id(link) for link in chain}
        yield rule.kind, _in_words(chain) if chain else str(rule)


def _chains(orders: list[Order]) -> list[list[Order]]:
    """Cut the orders into paths, each as long as what the ones before it leave."""
    left, chains = list(orders), []
    while left:
        ends = {rule.high.name for rule in left}
        first = next((rule for rule in left if rule.low.name not in ends), left[0])
        chain = [first]
        left.remove(first)
        while following := [r for r in left if r.low.name == chain[-1].high.name]:
            chain.append(following[0])
            left.remove(following[0])
        chains.append(chain)
    return chains


def _in_words(chain: list[Order]) -> str:
    text = str(chain[0])
    for _, rule in pairwise(chain):
        text += f" {rule.sign} {rule.high.name}"
    return text
