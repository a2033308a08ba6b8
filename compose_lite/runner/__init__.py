"""The only place that talks to the Docker daemon."""
