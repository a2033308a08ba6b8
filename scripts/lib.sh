# shellcheck shell=bash
# What the set-up scripts share; sourced by bash.

say() { printf '==> %s\n' "$*" >&2; }

die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Run a command as root, after having said which and what for. usage: as_root REASON COMMAND…
as_root() {
  announce_root "$@"
  root "${@:2}"
}

announce_root() {
  [ "$(id -u)" = 0 ] && return
  command -v sudo >/dev/null || die "root is needed $1; as root, run: ${*:2}"
  say "root is needed $1: sudo ${*:2}"
}

root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# Install Debian packages; the package lists are only renewed if they don't do. usage: apt_install REASON PACKAGE…
apt_install() {
  local reason=$1 log install
  shift
  command -v apt-get >/dev/null || die "no apt-get here; install by hand $reason: $*"
  say "installing $* $reason"
  install=(apt-get -q -o Acquire::Retries=3 install --yes --no-install-recommends "$@")
  announce_root "$reason" "${install[@]}"
  log=$(mktemp)
  if ! quietly "${install[@]}" >"$log" 2>&1; then
    renew_package_lists
    quietly "${install[@]}" >"$log" 2>&1 || {
      cat "$log" >&2
      die "could not install $*"
    }
  fi
  rm "$log"
}

quietly() { root env DEBIAN_FRONTEND=noninteractive "$@" </dev/null; }

renew_package_lists() { as_root "to renew the package lists" apt-get -qq -o Acquire::Retries=3 update >&2; }
