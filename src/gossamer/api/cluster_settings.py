"""What travels to the workers of a crawl on several machines: settings, handlers, and the version of gossamer."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

import msgspec
from msgspec import Struct

from gossamer.api.settings_file import Settings, parsed, written
from gossamer.values.errors import UserError
from gossamer.visit import function_ref
from gossamer.visit.function_ref import FunctionRef
from gossamer.visit.handlers import Handler, handler_at, marked


class HandlerRef(Struct, frozen=True):
    """A handler as it travels: where its function is, and the pattern of its URLs."""

    function: FunctionRef
    pattern: str


class Shipment(Struct, frozen=True):
    """What the database keeps for the workers."""

    gossamer: str
    """The version of gossamer that began the crawl."""
    settings: str
    """The settings, as in gossamer.toml."""
    handlers: tuple[HandlerRef, ...] = ()
    """The handlers that were marked in Python; those that the settings name are loaded by them."""


def packed(settings: Settings, handlers: Sequence[Handler]) -> bytes:
    """Return what travels to the workers. Raises UserError for a handler that no other process can find."""
    refs = () if settings.policy.handlers else tuple(map(_reference, handlers))
    return msgspec.json.encode(Shipment(version("gossamer"), written(settings), refs))


def unpacked(shipment: bytes) -> tuple[Settings, tuple[Handler, ...]]:
    """Return the settings and handlers of a crawl, on a worker.

    Raises UserError where another version of gossamer began the crawl, and where the handlers are not found here.
    """
    try:
        whole = msgspec.json.decode(shipment, type=Shipment)
    except msgspec.DecodeError:
        raise UserError("The settings of this crawl cannot be read: another version of gossamer wrote them.") from None
    here = version("gossamer")
    if whole.gossamer != here:
        raise UserError(
            f"The crawl was begun by gossamer {whole.gossamer}, and this is gossamer {here}: all workers of a crawl "
            "need the same version."
        )
    settings = parsed(whole.settings)
    try:
        if settings.policy.handlers:
            return settings, tuple(marked(settings.policy.handlers))
        return settings, tuple(handler_at(one.function, one.pattern) for one in whole.handlers)
    except (UserError, OSError) as error:
        raise UserError(
            f"The handlers of the crawl are not on this machine: {error} Install them as a module here, and name that "
            "module when the crawl begins (handlers=, --handlers)."
        ) from None


def _reference(handler: Handler) -> HandlerRef:
    return HandlerRef(function_ref.reference_to(handler.function), handler.pattern)
