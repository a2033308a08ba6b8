"""The only place that prints and reads keys: typer commands and views."""
