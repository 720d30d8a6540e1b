"""Hands single mails to the mailer, and decides what each answer means for the run."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

from oracle.digest.content import DigestContent
from oracle.domain.errors import (
    MailingPaused,
    MailNotSent,
    MailOutcomeUnknown,
    MailThrottled,
    OracleError,
    RecipientRefused,
)
from oracle.domain.runs import RunState
from oracle.observability import metrics
from oracle.observability.logs import get_logger
from oracle.services.compose_mail import MailComposer
from oracle.services.record_outcomes import DeliveryOutcome

if TYPE_CHECKING:
    from oracle.domain.mail import Mail
    from oracle.domain.runs import Claim, Run
    from oracle.services.dependencies import Dependencies
    from oracle.services.record_outcomes import OutcomeKind, OutcomeRecorder

THROTTLE_SECONDS = 2.0
"""How long nobody sends after the provider asked for a slower pace."""

TROUBLE_SECONDS = 5.0
"""How long nobody sends after several mails in a row found no answer."""

TROUBLES = 5
"""How many in a row those are."""

LONGEST_RETRY = 300.0

_log = get_logger(__name__)


class HandOver:
    """The mails of one run that this process hands over in one go.

    It is `halted` once the provider asked for a slower pace, refuses all mail or does not answer:
    then nothing more is begun. `accepted` counts the mails that were.
    """

    def __init__(self, deps: Dependencies, run: Run, recorder: OutcomeRecorder) -> None:
        self._deps = deps
        self._run = run
        self._recorder = recorder
        self._composer = MailComposer(deps, DigestContent.from_json(run.content))
        self._troubles = 0
        self.halted = False
        self.accepted = 0

    def may_begin(self, fresh_until: float) -> bool:
        """Return whether a mail that may be handed over until that moment may be so now."""
        return not self.halted and asyncio.get_running_loop().time() < fresh_until

    def compose(self, claim: Claim) -> Mail | None:
        """Return the mail, or None if there can be none, which is recorded."""
        try:
            return self._composer.compose(claim)
        except Exception:  # noqa: BLE001 - whatever is wrong with this one, the others go on
            _log.exception("mail_not_composed", delivery=claim.delivery_id)
            self._note(claim, "failed", "It could not be written.")
            return None

    async def send(self, claim: Claim, mail: Mail, fresh_until: float) -> None:
        """Hand the mail over, in one request, and have recorded what came of it; never raises."""
        if not self.may_begin(fresh_until):
            self._note(claim, "released", "Its turn did not come.")
            return
        started = monotonic()
        outcome = await self._send(claim, mail)
        metrics.digest_send_duration.labels(outcome).observe(monotonic() - started)

    async def _send(self, claim: Claim, mail: Mail) -> str:  # noqa: PLR0911 - one per answer
        deps = self._deps
        try:
            async with asyncio.timeout(deps.settings.mail_deadline):
                message_id = await deps.mailer.send(mail)
        except RecipientRefused as error:
            self._troubles = 0
            self._note(claim, "failed", str(error))
            return "refused"
        except MailThrottled as error:
            self.halted = True
            await self._slow_down(THROTTLE_SECONDS)
            self._note(claim, "released", str(error), retry_in=THROTTLE_SECONDS)
            return "throttled"
        except MailNotSent as error:
            self._note(claim, "released", str(error), retry_in=retry_after(claim.attempt))
            await self._note_trouble()
            return "not_sent"
        except MailingPaused as error:
            self.halted = True
            await self._stop_run(str(error))
            self._note(claim, "released", str(error))
            return "paused"
        except (MailOutcomeUnknown, TimeoutError) as error:
            self._note(claim, "unknown", str(error) or "No answer within the deadline.")
            await self._note_trouble()
            return "unknown"
        except Exception:  # noqa: BLE001 - what nobody foresaw says nothing of what was accepted
            _log.exception("mail_outcome_not_understood", delivery=claim.delivery_id)
            self._note(claim, "unknown", "The answer was not understood.")
            await self._note_trouble()
            return "unknown"
        self._troubles = 0
        self.accepted += 1
        self._note(claim, "sent", message_id)
        return "sent"

    def _note(self, claim: Claim, kind: OutcomeKind, detail: str, retry_in: float = 0.0) -> None:
        self._recorder.note(DeliveryOutcome(claim, kind, detail, retry_in))

    async def _note_trouble(self) -> None:
        self._troubles += 1
        if self._troubles >= TROUBLES and not self.halted:
            self.halted = True
            await self._slow_down(TROUBLE_SECONDS)

    async def _slow_down(self, seconds: float) -> None:
        """Let all instances wait; where the database cannot be told, this one alone does."""
        deps = self._deps
        try:
            async with deps.store.begin() as unit:
                await unit.pace.slow_down(deps.mailer.name, seconds)
        except OracleError as error:
            _log.warning("pace_not_slowed", why=str(error))

    async def _stop_run(self, why: str) -> None:
        deps, run = self._deps, self._run
        try:
            async with deps.store.begin() as unit:
                await unit.pace.slow_down(deps.mailer.name, deps.settings.mail_patience)
                stopped = await unit.runs.change_state(
                    run.id,
                    epoch=run.epoch,
                    expected=RunState.SENDING,
                    state=RunState.STOPPED,
                    reason=why,
                )
        except OracleError as error:
            _log.warning("run_not_stopped", why=str(error))
            return
        if stopped:
            metrics.digest_runs.labels(RunState.STOPPED).inc()
            _log.error("digest_stopped", session=run.session.isoformat(), why=why)


def retry_after(attempt: int) -> float:
    """Return in how many seconds a mail that was not sent is due again: 2, 4, 8 ... up to 300."""
    return min(2.0**attempt, LONGEST_RETRY)
