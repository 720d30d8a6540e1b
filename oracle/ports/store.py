"""The database: repositories that share a transaction, and how one is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from oracle.ports.forecasts import FitRepository, PredictionRepository, RankingRepository
    from oracle.ports.housekeeping import Housekeeping
    from oracle.ports.outcomes import OutcomeRepository
    from oracle.ports.prices import (
        BarRepository,
        QuoteRepository,
        SplitRepository,
        SymbolLookupRepository,
    )
    from oracle.ports.runs import (
        DeliveryRepository,
        EpochRepository,
        RunRepository,
        SendingPace,
    )
    from oracle.ports.subscribers import (
        MailEventRepository,
        SubscriberRepository,
        SuppressionRepository,
    )


class UnitOfWork(Protocol):
    """Repositories that share one transaction."""

    @property
    def bars(self) -> BarRepository:
        """The daily bars."""
        ...

    @property
    def splits(self) -> SplitRepository:
        """The splits that the feed has reported."""
        ...

    @property
    def quotes(self) -> QuoteRepository:
        """The last good prices."""
        ...

    @property
    def lookups(self) -> SymbolLookupRepository:
        """The feed's answers about symbols the directory lacks."""
        ...

    @property
    def fits(self) -> FitRepository:
        """The frozen fits."""
        ...

    @property
    def predictions(self) -> PredictionRepository:
        """The stored predictions."""
        ...

    @property
    def rankings(self) -> RankingRepository:
        """The stored rankings."""
        ...

    @property
    def outcomes(self) -> OutcomeRepository:
        """What became of the stored predictions."""
        ...

    @property
    def subscribers(self) -> SubscriberRepository:
        """The digest's subscribers."""
        ...

    @property
    def suppressions(self) -> SuppressionRepository:
        """Addresses that are never written to again."""
        ...

    @property
    def mail_events(self) -> MailEventRepository:
        """What the mail provider has reported."""
        ...

    @property
    def epochs(self) -> EpochRepository:
        """Which leader's epoch is current, and the database's time."""
        ...

    @property
    def runs(self) -> RunRepository:
        """The runs of scheduled work."""
        ...

    @property
    def deliveries(self) -> DeliveryRepository:
        """The digest's deliveries."""
        ...

    @property
    def pace(self) -> SendingPace:
        """The rate at which mail may be sent."""
        ...

    @property
    def housekeeping(self) -> Housekeeping:
        """Removing what is not needed any more."""
        ...


class Store(Protocol):
    """The database, entered one short transaction at a time.

    Leaving a unit normally commits, leaving by an error rolls back. Raises DatabaseUnavailable
    when the database cannot be reached or the unit exceeds its deadline, which is shorter where
    `waiting.is_waited_for` says that a visitor waits.
    """

    @property
    def is_away(self) -> bool:
        """Whether the unit that ended last could not be done, for the database was away."""
        ...

    def begin(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """Open a transaction with the configured deadline."""
        ...

    async def ping(self) -> None:
        """Return once the database has answered a trivial query."""
        ...

    async def aclose(self) -> None:
        """Close all connections."""
        ...
