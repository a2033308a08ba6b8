# shellcheck shell=bash
# What the set-up scripts share; sourced by bash.

exec 3>&2 # what is said reaches the user even where a command's output is kept back

say() { printf '==> %s\n' "$*" >&3; }

die() {
  printf 'error: %s\n' "$*" >&3
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
  local reason=$1 log
  shift
  command -v apt-get >/dev/null || die "no apt-get here; install by hand $reason: $*"
  say "installing $* $reason"
  log=$(mktemp)
  if ! try_apt_install "$reason" "$@" >"$log" 2>&1; then
    renew_package_lists
    try_apt_install "$reason" "$@" >"$log" 2>&1 || {
      cat "$log" >&2
      die "could not install $*"
    }
  fi
  rm "$log"
}

try_apt_install() {
  as_root "$1" env DEBIAN_FRONTEND=noninteractive apt-get -q -o Acquire::Retries=3 install --yes \
    --no-install-recommends "${@:2}" </dev/null
}

renew_package_lists() { as_root "to renew the package lists" apt-get -qq -o Acquire::Retries=3 update >&2; }
