"""Read the words of one PDF from standard input: a process of its own, with little time and little memory.

A hostile paper can make any reader of PDFs think for hours or fill the memory. Here that ends this process and
nothing else; what it had read by then has been written to standard output, page by page. It knows nothing of the
application: whoever runs it may run it without.
"""

from __future__ import annotations

import io
import logging
import resource
import sys

from pypdf import PdfReader
from pypdf.errors import DependencyError

MEMORY = 768 * 1024 * 1024
ENCRYPTED, DAMAGED = 3, 4
"""How it ends when there is nothing to read."""


def main(seconds: int, pages: int, characters: int) -> int:
    """Write the words of the first pages; answers how it ended."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    logging.disable(logging.CRITICAL)  # what is wrong inside somebody's paper is no news
    try:
        reader = PdfReader(io.BytesIO(sys.stdin.buffer.read()))
        if reader.is_encrypted and not reader.decrypt(""):
            return ENCRYPTED
        count = min(len(reader.pages), pages)
    except (DependencyError, NotImplementedError):
        return ENCRYPTED
    except Exception:  # noqa: BLE001 - whatever a file makes the library do, the file is damaged
        return DAMAGED
    broken = 0
    for number in range(count):
        try:
            words = reader.pages[number].extract_text()
        except Exception:  # noqa: BLE001 - as above
            broken += 1  # the other pages may be whole
            continue
        sys.stdout.buffer.write(words[:characters].encode("utf-8", errors="replace") + b"\n")
        sys.stdout.buffer.flush()
        characters -= len(words)
        if characters <= 0:
            break
    return DAMAGED if broken and broken == count else 0


if __name__ == "__main__":
    sys.exit(main(*(int(one) for one in sys.argv[1:4])))
