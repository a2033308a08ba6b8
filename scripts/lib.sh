# shellcheck shell=bash
# What the set-up scripts share; sourced by bash.

say() { printf '==> %s\n' "$*" >&2; }

die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Run a command as root, after having said which and what for. usage: as_root REASON COMMAND…
as_root() {
  local reason=$1
  shift
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    say "root is needed $reason: sudo $*"
    sudo "$@"
  else
    die "root is needed $reason; as root, run: $*"
  fi
}

# Install Debian packages; the package lists are only renewed if they don't do. usage: apt_install REASON PACKAGE…
apt_install() {
  local reason=$1
  shift
  command -v apt-get >/dev/null || die "no apt-get here; install by hand $reason: $*"
  say "installing $* $reason"
  local install=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=3 -o Dpkg::Use-Pty=0
    install --yes --no-install-recommends "$@")
  as_root "$reason" "${install[@]}" >&2 </dev/null || {
    as_root "to renew the package lists" apt-get -qq -o Acquire::Retries=3 update >&2
    as_root "$reason" "${install[@]}" >&2 </dev/null
  }
}
