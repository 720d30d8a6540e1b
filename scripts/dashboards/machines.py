"""Whether the machines are well, by what node-exporter says of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.dashboards.boards import build_board, prometheus_variable
from scripts.dashboards.panels import Panel, Query, Step

if TYPE_CHECKING:
    from scripts.dashboards.panels import Json

_ONE = 'job="node", instance=~"$instance"'
_CARD = f'{_ONE}, device!~"lo|veth.*|docker.*|br-.*"'


def _stats() -> list[Panel]:
    busy = (
        Step(None, "green", "room is left"),
        Step(0.75, "yellow", "busy"),
        Step(0.9, "red", "full"),
    )
    return [
        Panel(
            "stat",
            "Machines up",
            "Machines whose node-exporter answers.",
            "none",
            (Query('sum(up{job="node"}) or vector(0)', instant=True),),
            (Step(None, "red", "none"), Step(1, "green", "some")),
            width=4,
            height=5,
        ),
        Panel(
            "stat",
            "Machines silent",
            "Machines that are known and whose node-exporter does not answer.",
            "none",
            (Query('count(up{job="node"} == 0) or vector(0)', instant=True),),
            (Step(None, "green", "all answer"), Step(1, "yellow", "see which below")),
            width=4,
            height=5,
        ),
        Panel(
            "stat",
            "Busiest processor",
            "The machine whose processors are busiest, over five minutes.",
            "percentunit",
            (Query("max(instance:node_cpu_busy:ratio_rate5m)", instant=True),),
            busy,
            width=4,
            height=5,
            decimals=0,
        ),
        Panel(
            "stat",
            "Fullest memory",
            "The machine with the least memory available.",
            "percentunit",
            (Query("1 - min(instance:node_memory_available:ratio)", instant=True),),
            busy,
            width=4,
            height=5,
            decimals=0,
        ),
        Panel(
            "stat",
            "Fullest disk",
            "The file system with the least space.",
            "percentunit",
            (Query("1 - min(instance_mountpoint:node_filesystem_avail:ratio)", instant=True),),
            (
                Step(None, "green", "room is left"),
                Step(0.75, "yellow", "filling"),
                Step(0.85, "red", "an alert fires"),
            ),
            width=4,
            height=5,
            decimals=0,
        ),
        Panel(
            "stat",
            "Newest start",
            "When the machine that was started last was started.",
            "dateTimeFromNow",
            (Query("max(node_boot_time_seconds) * 1000", instant=True),),
            width=4,
            height=5,
        ),
    ]


def _each() -> list[Panel]:
    return [
        Panel(
            "timeseries",
            "Processor",
            "Share of all processors that are busy.",
            "percentunit",
            (Query('instance:node_cpu_busy:ratio_rate5m{instance=~"$instance"}', "{{instance}}"),),
            (Step(None, "green", "room"), Step(0.9, "red", "an alert fires")),
            limits=(0, 1),
        ),
        Panel(
            "timeseries",
            "Load per processor",
            "Processes that run or wait, over one minute, for each processor there is.",
            "none",
            (
                Query(
                    f"node_load1{{{_ONE}}} / on (instance) "
                    f'count by (instance) (node_cpu_seconds_total{{{_ONE}, mode="idle"}})',
                    "{{instance}}",
                ),
            ),
            (Step(None, "green", "keeps up"), Step(1.5, "red", "work waits")),
        ),
        Panel(
            "timeseries",
            "Memory available",
            "Share of the memory that a new process could have.",
            "percentunit",
            (
                Query(
                    'instance:node_memory_available:ratio{instance=~"$instance"}',
                    "{{instance}}",
                ),
            ),
            (Step(None, "red", "an alert fires"), Step(0.1, "green", "room")),
            limits=(0, 1),
        ),
        Panel(
            "timeseries",
            "Disk space free",
            "Share of each file system that is free.",
            "percentunit",
            (
                Query(
                    'instance_mountpoint:node_filesystem_avail:ratio{instance=~"$instance"}',
                    "{{instance}} {{mountpoint}}",
                ),
            ),
            (Step(None, "red", "an alert fires"), Step(0.15, "green", "room")),
            limits=(0, 1),
        ),
        Panel(
            "timeseries",
            "Disk traffic",
            "Bytes read and written a second.",
            "Bps",
            (
                Query(
                    f"sum by (instance) (rate(node_disk_read_bytes_total{{{_ONE}}}"
                    "[$__rate_interval]))",
                    "{{instance}} read",
                ),
                Query(
                    f"sum by (instance) (rate(node_disk_written_bytes_total{{{_ONE}}}"
                    "[$__rate_interval]))",
                    "{{instance}} written",
                ),
            ),
        ),
        Panel(
            "timeseries",
            "Network",
            "Bytes received and sent a second, without the containers' own networks.",
            "Bps",
            (
                Query(
                    f"sum by (instance) (rate(node_network_receive_bytes_total{{{_CARD}}}"
                    "[$__rate_interval]))",
                    "{{instance}} received",
                ),
                Query(
                    f"sum by (instance) (rate(node_network_transmit_bytes_total{{{_CARD}}}"
                    "[$__rate_interval]))",
                    "{{instance}} sent",
                ),
            ),
        ),
        Panel(
            "timeseries",
            "Clock",
            "How far each machine's clock is off, by its time server.",
            "s",
            (Query(f"node_timex_offset_seconds{{{_ONE}}}", "{{instance}}"),),
        ),
        Panel(
            "timeseries",
            "Answers of everything watched",
            "1 while a target answers Prometheus, 0 while it does not.",
            "none",
            (Query("min by (job, instance) (up)", "{{job}} {{instance}}"),),
            words={"0": ("silent", "red"), "1": ("answers", "green")},
            limits=(0, 1),
            width=16,
        ),
    ]


def build() -> Json:
    """Return the board."""
    return build_board(
        "machines",
        "Whether the machines are well.",
        {"At a glance": _stats(), "Each machine": _each()},
        variables=(
            prometheus_variable(
                "instance",
                "Machine",
                'label_values(up{job="node"}, instance)',
                "Which machines are shown.",
            ),
        ),
    )
