"""Pure decisions: what to do so that the daemon runs what the project says, and why."""
