from typing import TypeAlias

_Link: TypeAlias = tuple[str, str | None, str | bytes]

def find_links(page: bytes, /) -> dict[str | bytes, int] | None: ...
def find_references(
    page: bytes, /
) -> tuple[list[tuple[_Link | bytes, str | bytes | None, int]], dict[str, None]] | None: ...
