"""Grafana's boards as code; `python -m scripts.build_dashboards --write` makes the files."""
