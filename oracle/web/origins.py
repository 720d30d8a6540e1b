"""How pages, the JSON interface and files call where a prediction comes from."""

from __future__ import annotations

from enum import StrEnum

from oracle.domain.forecasts import Origin
from oracle.domain.instruments import Source


class PresentedOrigin(StrEnum):
    """`live` is said of live prices alone: on others the same way is that of a sample."""

    LIVE = "live"
    REPLAY = "replay"
    SAMPLE = "sample"
    REHEARSAL = "rehearsal"


TITLES = {
    PresentedOrigin.LIVE: "Live predictions",
    PresentedOrigin.SAMPLE: "Predictions on sample data",
    PresentedOrigin.REHEARSAL: "Predictions of a rehearsal",
    PresentedOrigin.REPLAY: "Replayed predictions",
}
MEANINGS = {
    Origin.LIVE: "Stored before the session closed, and never changed.",
    Origin.REPLAY: (
        "Computed afterwards from past prices, each session from what was known before it. "
        "A rehearsal, and no promise kept: these are never counted as live."
    ),
}


def present_origin(origin: Origin, source: Source) -> PresentedOrigin:
    """Return what to call the origin of a prediction that was made from prices of that source."""
    if origin is Origin.REPLAY:
        return PresentedOrigin.REPLAY
    return PresentedOrigin.LIVE if source is Source.YAHOO else PresentedOrigin[source.name]
