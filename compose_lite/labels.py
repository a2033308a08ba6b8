"""The labels by which stacks are found again: docker compose's own, and ours for what it lacks."""

from __future__ import annotations

PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"
NUMBER = "com.docker.compose.container-number"
ONEOFF = "com.docker.compose.oneoff"
CONFIG_HASH = "com.docker.compose.config-hash"
DEPENDS_ON = "com.docker.compose.depends_on"
CONFIG_FILES = "com.docker.compose.project.config_files"
WORKING_DIR = "com.docker.compose.project.working_dir"
ENVIRONMENT_FILE = "com.docker.compose.project.environment_file"
NETWORK = "com.docker.compose.network"
VOLUME = "com.docker.compose.volume"
IMAGE = "com.docker.compose.image"
REPLACE = "com.docker.compose.replace"
SLUG = "com.docker.compose.slug"
VERSION = "com.docker.compose.version"

# Ours. HASH marks a container whose CONFIG_HASH was computed by compose-lite (value: version:hash).
PREFIX = "io.compose-lite."
HASH = PREFIX + "hash"
REPLACES = PREFIX + "replaces"
FILES = PREFIX + "files"
PEERS = PREFIX + "peers"
AUTO_REMOVE = PREFIX + "auto-remove"  # a one-off that goes when it ends (listings don't tell that)
INSTANCE = PREFIX + "instance"
PORTS = PREFIX + "ports"  # host ports that an instance got for those of the files: `8080/tcp=20117,…`
PROTECTED = PREFIX + "protected"  # on a volume: no command removes it, also where the files are not at hand
PROVIDED = PREFIX + "provided"  # names of the variables that providers have said, joined by commas
STEP = PREFIX + "pre-start"  # a container that runs a step of `pre_start`: gone when that has ended
UNNAMED = PREFIX + "unnamed"  # created without its service's names; has them once it has its own name

# Version of the way in which CONFIG_HASH is computed.
HASH_VERSION = "1"
