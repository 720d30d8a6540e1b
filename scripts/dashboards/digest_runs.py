"""The lower half of the board of the digest: runs, jobs, subscribers."""

from __future__ import annotations

from scripts.dashboards.panels import Panel, Query, Step, logs_link

_LOG = logs_link(app="app", search="job_")


def list_run_panels() -> list[Panel]:
    """Return the panels."""
    return [
        Panel(
            "table",
            "Runs of 30 days",
            "Runs that began within 30 days, by kind and state.",
            "none",
            (
                Query(
                    "max by (kind, state) (oracle_scheduler_runs) > 0",
                    instant=True,
                ),
            ),
            transformations=(
                {
                    "id": "organize",
                    "options": {
                        "excludeByName": {"Time": True},
                        "renameByName": {"kind": "Kind", "state": "State", "Value": "Runs"},
                    },
                },
            ),
        ),
        Panel(
            "timeseries",
            "Overdue work",
            "For how long the run of each kind has been due.",
            "s",
            (Query("max by (kind) (oracle_scheduler_overdue_seconds)", "{{kind}}"),),
            (Step(None, "green", "in time"), Step(7200, "red", "an alert fires")),
        ),
        Panel(
            "timeseries",
            "Epoch",
            "It rises with every election; each step is a change of the leader.",
            "none",
            (Query("max(oracle_scheduler_epoch)", "epoch"),),
        ),
        Panel(
            "timeseries",
            "Jobs that do not end well",
            "Scheduled jobs within 15 minutes that failed, crashed or had lost the lead.",
            "none",
            (
                Query(
                    "sum by (job_name, outcome) "
                    '(increase(oracle_scheduler_job_runs_total{outcome!="ok"}[15m])) > 0',
                    "{{job_name}} {{outcome}}",
                ),
            ),
            links=(_LOG,),
        ),
        Panel(
            "timeseries",
            "Late ticks",
            "How much later than its interval the newest tick of the scheduler came.",
            "s",
            (Query("oracle_scheduler_tick_delay_seconds", "{{instance}}"),),
        ),
        Panel(
            "timeseries",
            "Subscribers",
            "Subscribers by state, and suppressed addresses by reason.",
            "none",
            (
                Query("max by (state) (oracle_subscribers)", "{{state}}"),
                Query("max by (reason) (oracle_suppressions)", "suppressed: {{reason}}"),
            ),
        ),
        Panel(
            "timeseries",
            "Confirmation mails",
            "Mails that answer sign-ups, within an hour, by outcome.",
            "none",
            (
                Query(
                    "sum by (outcome) (increase(oracle_confirmation_mails_total[1h]))",
                    "{{outcome}}",
                ),
            ),
        ),
        Panel(
            "timeseries",
            "Runs brought to an end",
            "Digests that were finished, stopped or missed within a day.",
            "none",
            (
                Query(
                    "sum by (state) (increase(oracle_digest_runs_total"
                    '{state=~"finished|stopped|missed"}[1d]))',
                    "{{state}}",
                ),
            ),
        ),
        Panel(
            "timeseries",
            "Old rows removed",
            "What the leader's housekeeping removed within a day.",
            "none",
            (Query("sum by (what) (increase(oracle_rows_removed_total[1d]))", "{{what}}"),),
        ),
    ]
