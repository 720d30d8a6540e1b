"""Whether the digest goes out: the leader, the newest run, what became of its mails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.dashboards.boards import build_board
from scripts.dashboards.digest_runs import list_run_panels
from scripts.dashboards.panels import Panel, Query, Step, logs_link

if TYPE_CHECKING:
    from scripts.dashboards.panels import Json

_LOG = logs_link(app="app", search="digest")
_FUNNEL = ("sent", "sending", "pending", "unknown", "failed", "suppressed", "expired")


def _stats() -> list[Panel]:
    return [
        Panel(
            "stat",
            "Leaders",
            "Instances that lead. One should; for some seconds of a takeover none or two may.",
            "none",
            (Query("sum(oracle_scheduler_is_leader) or vector(0)", instant=True),),
            (
                Step(None, "red", "nobody works"),
                Step(1, "green", "as it should be"),
                Step(2, "yellow", "the lock is in doubt"),
            ),
            words={"0": ("nobody", "red"), "1": ("one", "green"), "2": ("two", "yellow")},
            width=3,
            height=5,
        ),
        Panel(
            "stat",
            "Next digest",
            "When the window of the next digest opens.",
            "dateTimeFromNow",
            (Query("max(oracle_scheduler_next_due_timestamp_seconds) * 1000", instant=True),),
            width=4,
            height=5,
        ),
        Panel(
            "stat",
            "Overdue",
            "For how long the digest has been due; 0 when it is finished or not due.",
            "s",
            (Query('max(oracle_scheduler_overdue_seconds{kind="digest"})', instant=True),),
            (
                Step(None, "green", "in time"),
                Step(3600, "yellow", "slow"),
                Step(7200, "red", "past 20:00 in New York"),
            ),
            width=4,
            height=5,
        ),
        Panel(
            "stat",
            "Delivered",
            "Share of the newest digest's mails that were accepted.",
            "percentunit",
            (
                Query(
                    'sum(oracle_digest_deliveries{state="sent"}) / sum(oracle_digest_deliveries)',
                    instant=True,
                ),
            ),
            (
                Step(None, "red", "most are missing"),
                Step(0.9, "yellow", "some are missing"),
                Step(0.98, "green", "delivered"),
            ),
            width=4,
            height=5,
            decimals=1,
        ),
        Panel(
            "stat",
            "Late evenings in 30 days",
            "Digests that were not delivered by 20:00 in New York; the objective allows one.",
            "none",
            (Query("ceil(changes(job:oracle_digest_late:bool[30d]) / 2)", instant=True),),
            (
                Step(None, "green", "none"),
                Step(1, "yellow", "the budget is spent"),
                Step(2, "red", "the objective is missed"),
            ),
            width=3,
            height=5,
        ),
        Panel(
            "stat",
            "Bounced in a day",
            "Share of the mails of 24 hours that bounced; SES reviews an account above 5 %.",
            "percentunit",
            (Query("job:oracle_mail_bounces:ratio_increase1d", instant=True),),
            (
                Step(None, "green", "usual"),
                Step(0.03, "yellow", "high"),
                Step(0.05, "red", "SES acts"),
            ),
            width=3,
            height=5,
            decimals=2,
        ),
        Panel(
            "stat",
            "Complained in a day",
            "Share of the mails of 24 hours that were called unwanted; SES reviews above 0.1 %.",
            "percentunit",
            (Query("job:oracle_mail_complaints:ratio_increase1d", instant=True),),
            (
                Step(None, "green", "usual"),
                Step(0.0008, "yellow", "high"),
                Step(0.001, "red", "SES acts"),
            ),
            width=3,
            height=5,
            decimals=3,
        ),
    ]


def _newest() -> list[Panel]:
    return [
        Panel(
            "bargauge",
            "Where the mails stand",
            "Deliveries of the newest digest by state, from accepted to never sent.",
            "none",
            tuple(
                Query(f'sum(oracle_digest_deliveries{{state="{state}"}})', state, instant=True)
                for state in _FUNNEL
            ),
            links=(_LOG,),
        ),
        Panel(
            "timeseries",
            "Deliveries by state",
            "How the newest digest's deliveries move from state to state.",
            "none",
            (Query("sum by (state) (oracle_digest_deliveries)", "{{state}}"),),
            stacked=True,
            links=(_LOG,),
        ),
        Panel(
            "timeseries",
            "Mails a second",
            "Mails handed over a second, all instances together, by what was answered.",
            "mps",
            (
                Query(
                    "sum by (outcome) "
                    "(rate(oracle_digest_send_duration_seconds_count[$__rate_interval])) > 0",
                    "{{outcome}}",
                ),
            ),
            stacked=True,
            links=(_LOG,),
        ),
        Panel(
            "timeseries",
            "Time of handing over, p90",
            "Nine of ten mails were handed over faster.",
            "s",
            (
                Query(
                    "histogram_quantile(0.9, sum by (le) "
                    "(rate(oracle_digest_send_duration_seconds_bucket[$__rate_interval])))",
                    "p90",
                ),
            ),
        ),
        Panel(
            "timeseries",
            "Waiting",
            "How long the oldest mail has waited, and how long the rest takes at the allowed rate.",
            "s",
            (
                Query("max(oracle_digest_oldest_pending_seconds)", "oldest has waited"),
                Query("max(oracle_digest_seconds_left)", "the rest takes"),
            ),
            (Step(None, "green", "usual"), Step(1800, "red", "stuck, if none goes out")),
        ),
        Panel(
            "timeseries",
            "Reports of the provider",
            "Reports within an hour, by kind.",
            "none",
            (Query("sum by (kind) (increase(oracle_mail_events_total[1h]))", "{{kind}}"),),
        ),
    ]


def build() -> Json:
    """Return the board."""
    return build_board(
        "digest",
        "Whether the digest goes out.",
        {"At a glance": _stats(), "The newest digest": _newest(), "Runs": list_run_panels()},
        since="now-24h",
    )
