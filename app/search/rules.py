"""How text is cut so that two Chinese characters, a number or pinyin initials find it. Knows no database."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pypinyin import Style, lazy_pinyin

RUN = re.compile(r"[0-9a-z]+|[\u3400-\u9fff\uf900-\ufaff]+")
NUMBER = re.compile(r"[0-9a-z]+(?:-[0-9a-z]+){1,3}")
"""A number of several parts: it is looked for as one, for its parts are those of a thousand others too."""
LONGEST_QUERY, MOST_TERMS = 60, 8
LONGEST_BODY = 60_000
"""About a hundred pages. More would not fit what PostgreSQL keeps of one row's words."""
INITIALS = "の"
"""What pinyin initials begin with in the index: a letter that no run holds, so no word is taken for them."""
INITIALS_KEPT = 12
QUOTED = 34


def plain(text: str) -> str:
    """Full-width letters and digits as plain small ones."""
    return unicodedata.normalize("NFKC", text).lower()


def is_chinese(run: str) -> bool:
    """Whether a run of characters is Chinese: such words have no blanks between them."""
    return run[0] > "\u2fff"


def grams(text: str, initials_of: Iterable[str] = ()) -> str:
    """The index form of a text, each token once.

    Args:
        initials_of: names that pinyin initials shall find, from whatever character on.
    """
    found: set[str] = set()
    folded = plain(text[:LONGEST_BODY])
    for number in NUMBER.findall(folded):
        pieces = number.split("-")
        found.update("".join(pieces[at:]) for at in range(len(pieces) - 1))
    for run in RUN.findall(folded):
        if not is_chinese(run):
            found.add(run)
            if run.isdigit() and run.lstrip("0"):
                found.add(run.lstrip("0"))  # number 0012 is asked for as 12
            continue
        found.update(run[n : n + 2] for n in range(len(run) - 1))
        found.add(run[-1])  # with the pairs every single character stands at the head of a token
    for name in initials_of:
        letters = initials(name)
        found.update(INITIALS + letters[n : n + INITIALS_KEPT] for n in range(max(1, len(letters) - 1)))
    found.discard(INITIALS)
    return " ".join(sorted(found))


def initials(name: str) -> str:
    """Pinyin initials of a name, its letters and digits as they are: 居家养老3号 → jjyl3h."""
    made = "".join(lazy_pinyin(plain(name), style=Style.FIRST_LETTER))
    return "".join(RUN.findall(made.lower()))


@dataclass(frozen=True, slots=True)
class Token:
    """One token to look for.

    Attributes:
        prefix: whatever begins with it counts too.
    """

    text: str
    prefix: bool = False


Query = Sequence[Sequence[Token]]
"""All of the groups have to be found, of each group one token."""


def parse(text: str) -> Query:
    """What somebody typed, as tokens; empty when nothing in it can be looked for."""
    folded = plain(text[:LONGEST_QUERY])
    groups = [[Token(number.replace("-", ""), prefix=True)] for number in NUMBER.findall(folded)]
    for run in RUN.findall(NUMBER.sub(" ", folded))[:MOST_TERMS]:
        if is_chinese(run):
            pairs = [run[n : n + 2] for n in range(len(run) - 1)]
            groups += [[Token(pair)] for pair in pairs] or [[Token(run, prefix=True)]]
        else:
            group = [Token(run, prefix=True)]
            if len(run) > 1 and run.isalnum() and not run.isdigit():
                group.append(Token((INITIALS + run)[: len(INITIALS) + INITIALS_KEPT], prefix=True))
            groups.append(group)
    return groups


def for_sqlite(query: Query) -> str:
    """The query in the words of FTS5."""
    return " AND ".join(
        "(" + " OR ".join(f'"{one.text}"' + ("*" if one.prefix else "") for one in group) + ")"
        for group in query
    )


def for_postgresql(query: Query) -> str:
    """The query in the words of `to_tsquery`."""
    return " & ".join(
        "(" + " | ".join(f"'{one.text}'" + (":*" if one.prefix else "") for one in group) + ")"
        for group in query
    )


def words(text: str) -> list[str]:
    """What to mark in a result: the runs that were typed, longest first."""
    return sorted(set(RUN.findall(plain(text[:LONGEST_QUERY]))), key=lambda run: (-len(run), run))


@lru_cache(maxsize=16_384)
def _letter(letter: str) -> str:
    made = plain(letter)
    return made if len(made) == 1 else letter


def _folded(text: str) -> str:
    """The plain form, character by character: what would change its length (… ㎡) stays as it is."""
    return "".join(map(_letter, text))


def parts(text: str, marked: Sequence[str]) -> list[tuple[str, bool]]:
    """A text in pieces, each with whether it is what was looked for."""
    if not marked:
        return [(text, False)]
    found, at = [], 0
    for hit in re.finditer("|".join(re.escape(one) for one in marked), _folded(text)):
        if hit.start() > at:
            found.append((text[at : hit.start()], False))
        found.append((text[hit.start() : hit.end()], True))
        at = hit.end()
    return [*found, (text[at:], False)] if at < len(text) else found


def quote(body: str, marked: Sequence[str]) -> str:
    """The place of a text that answers the question, "" when it lies elsewhere."""
    hit = re.search("|".join(re.escape(one) for one in marked), _folded(body)) if marked else None
    if hit is None:
        return ""
    start, end = max(0, hit.start() - QUOTED), min(len(body), hit.end() + 2 * QUOTED)
    text = " ".join(body[start:end].split())
    return ("…" if start else "") + text + ("…" if end < len(body) else "")
