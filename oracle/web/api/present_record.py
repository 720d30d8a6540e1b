"""Turns the record into the objects of the JSON interface."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.domain.instruments import Source
from oracle.web.api.record_resources import (
    BestBuyRecord,
    Coverage,
    Direction,
    Estimate,
    Pending,
    Replay,
    Settlement,
    Skipped,
    StockRecord,
    TrackRecord,
    VersionRecord,
)
from oracle.web.origins import present_origin

if TYPE_CHECKING:
    from oracle.domain import track_record as domain
    from oracle.services.replay_sessions import ReplayReport
    from oracle.services.settle_predictions import SettlementReport


def present_track_record(record: domain.TrackRecord) -> TrackRecord:
    """Return the record as JSON shows it."""
    return TrackRecord(
        symbol=record.symbol,
        origin=present_origin(record.origin, record.source),
        window=record.window,
        last_settled=record.last_settled,
        pending=record.pending,
        verdicts=record.verdicts,
        versions=tuple(_version(each) for each in record.versions),
        stale_since=record.stale_since,
        source=record.source.provider,
        is_sample=record.source is Source.SAMPLE,
        is_rehearsal=record.source is Source.REHEARSAL,
    )


def present_settlement(report: SettlementReport, source: Source) -> Settlement:
    """Return what a run did as JSON shows it."""
    return Settlement(
        sessions=report.sessions,
        settled=report.settled,
        revised=report.revised,
        unchanged=report.unchanged,
        pending=tuple(
            Pending(each.symbol, each.target, present_origin(each.origin, source), each.reason)
            for each in report.pending
        ),
    )


def present_replay(report: ReplayReport, record: domain.TrackRecord) -> Replay:
    """Return what a replay did as JSON shows it."""
    return Replay(
        sessions=report.sessions,
        made=report.made,
        found=report.found,
        skipped=tuple(Skipped(each.what, each.reason) for each in report.skipped),
        settlement=present_settlement(report.settlement, record.source),
        record=present_track_record(record),
    )


def _version(record: domain.VersionRecord) -> VersionRecord:
    scores = record.scores
    return VersionRecord(
        model_version=record.model_version,
        n=scores.n,
        sessions=scores.sessions,
        first=scores.first,
        last=scores.last,
        coverages=tuple(Coverage(each.level, _estimate(each.share)) for each in scores.coverages),
        mae_ratio=_perhaps(scores.mae_ratio),
        crps_gaussian_ratio=_perhaps(scores.crps_gaussian_ratio),
        crps_empirical_ratio=_perhaps(scores.crps_empirical_ratio),
        direction=None if scores.direction is None else _direction(scores.direction),
        best_buys=None if record.best_buys is None else _best_buys(record.best_buys),
        revised=scores.revised,
        input_healed=scores.input_healed,
        stocks=tuple(
            StockRecord(
                each.symbol, each.n, each.coverage_80, each.mae_ratio, each.crps_gaussian_ratio
            )
            for each in record.stocks
        ),
        verdicts=record.verdicts,
    )


def _direction(direction: domain.Direction) -> Direction:
    return Direction(
        n=direction.n,
        right=_estimate(direction.right),
        always_up=_estimate(direction.always_up),
        edge=_estimate(direction.edge),
    )


def _best_buys(scores: domain.BestBuyScores) -> BestBuyRecord:
    return BestBuyRecord(
        sessions=scores.sessions,
        picked=scores.picked,
        switches=scores.switches,
        cost=scores.cost,
        best_return=_estimate(scores.best_return),
        all_return=_estimate(scores.all_return),
        edge=_estimate(scores.edge),
        best_value=scores.best_value,
        all_value=scores.all_value,
    )


def _estimate(estimate: domain.Estimate) -> Estimate:
    return Estimate(estimate.value, estimate.lower, estimate.upper)


def _perhaps(estimate: domain.Estimate | None) -> Estimate | None:
    return None if estimate is None else _estimate(estimate)
