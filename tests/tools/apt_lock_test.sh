#!/usr/bin/env bash
# tools/setup.sh waits for another apt. A private apt, with real locks and no packages to fetch, stands for
# the machine's: while one of its locks is held, `apt-get` itself fails, and apt_get succeeds after the end
# of the hold. Another failure ends it at once. Exit code 77: skipped.
set -euo pipefail
# shellcheck source=tools/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../tools/setup.sh"
command -v apt-get >/dev/null || { echo "SKIPPED: apt-get is not installed" && exit 77; }

apt=$(mktemp -d)
trap 'rm -rf "$apt"' EXIT
mkdir -p "$apt"/{lists/partial,cache/archives/partial,sources.d,dpkg/updates}
cp /var/lib/dpkg/status "$apt/dpkg/status"
cat >"$apt/conf" <<CONF
Dir::State::lists "$apt/lists";
Dir::State::status "$apt/dpkg/status";
Dir::Cache "$apt/cache";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$apt/sources.d";
CONF
export APT_CONFIG=$apt/conf LC_ALL=C
as_root=() log=$apt/log

# hold LOCK SECONDS: returns once the lock is held; `holder` is the process.
hold() {
  python3 -c 'import fcntl, sys, time
lock = open(sys.argv[1], "w")
fcntl.lockf(lock, fcntl.LOCK_EX)
open(sys.argv[1] + ".held", "w")
time.sleep(float(sys.argv[2]))' "$1" "$2" &
  holder=$!
  until [ -e "$1.held" ]; do sleep 0.05; done
}

# waits_for LOCK ARGUMENT…
waits_for() {
  local lock=$apt/$1
  shift
  hold "$lock" 2
  ! apt-get "$@" >/dev/null 2>&1 || fail "apt-get $* does not need $lock: this test shows nothing"
  apt_get "$@" 2>"$apt/messages" || fail "apt_get $* did not wait for $lock: $(tail -2 "$log")"
  ! kill -0 "$holder" 2>/dev/null || fail "apt_get $* returned before $lock was free"
  grep -q 'waiting for another apt: .*lock' "$apt/messages" || fail "no message: $(cat "$apt/messages")"
  wait "$holder"
}
waits_for lists/lock update
waits_for dpkg/lock-frontend install -y dpkg
waits_for dpkg/lock install -y dpkg

SECONDS=0
! apt_get install -y no-such-package-as-this 2>/dev/null || fail "an unknown package was installed"
[ "$SECONDS" -lt 30 ] || fail "apt_get waited although no lock was held"
grep -q 'Unable to locate package' "$log" || fail "the log lacks apt's reason: $(tail -2 "$log")"
