#!/usr/bin/env bash
# tests/web/run.sh packages|types|lint|unit|page: one part of the web page's tests. Exit code 77: skipped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

skip() {
  echo "SKIPPED: $*"
  exit 77
}
command -v node >/dev/null && command -v npm >/dev/null || skip "node or npm is not installed"
major=$(node --version | sed 's/^v\([0-9]*\).*/\1/')
[ "$major" -ge 18 ] || skip "node $(node --version) is older than 18"

# Installs the packages of the lock file, unless they are there.
packages_of() {
  [ "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ] && return
  (cd "$1" && npm ci --no-audit --no-fund --ignore-scripts >/dev/null) || skip "npm ci failed in $1"
}

[ "${1:-}" = packages ] || [ -d node_modules ] || skip "the packages could not be fetched"

case ${1:-} in
  packages)
    packages_of ../../api/web
    packages_of .
    ;;
  types)
    node_modules/.bin/tsc --noEmit -p ../../api/web
    node_modules/.bin/tsc --noEmit -p .
    ;;
  lint) node_modules/.bin/biome ci ../../api/web . ;;
  unit) node_modules/.bin/vitest run ;;
  page)
    OEE_CHROMIUM=${OEE_CHROMIUM:-$(command -v chromium || command -v chromium-browser || true)}
    [ -n "$OEE_CHROMIUM" ] || skip "no Chromium is installed"
    [ -e "${OEE_BIN_DIR:=../../build/bin}/../web.gz" ] || skip "the engine was built without the page (OEE_BUILD_UI)"
    export OEE_CHROMIUM OEE_BIN_DIR
    node_modules/.bin/playwright test "${@:2}"
    ;;
  *)
    sed -n '2s/^# //p' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
