# shellcheck shell=bash disable=SC2034
# Sourced by tools/run and tools/test: installs what is missing, configures, builds. Messages on stderr.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

build_packages=(
  g++ cmake ninja-build ccache pkg-config
  libboost1.81-dev libboost-system1.81-dev libboost-json1.81-dev libboost-url1.81-dev
  librocksdb-dev libflatbuffers-dev flatbuffers-compiler libhiredis-dev libpqxx-dev
  libfmt-dev libspdlog-dev libcli11-dev libtomlplusplus-dev libssl-dev zlib1g-dev libjemalloc-dev
  libsystemd-dev prometheus-cpp-dev python3 python3-yaml
)
test_packages=(
  libgtest-dev libgmock-dev librapidcheck-dev libvalijson-dev postgresql-15 redis-server
  clang-format-14 curl strace e2fsprogs prometheus
  lintian
)
package_packages=(python3 dpkg-dev file)
fuzz_packages=(clang-14 libclang-rt-14-dev)
web_packages=(nodejs npm) # optional: without them the engine has no web page
web_test_packages=(chromium)

say() { printf '==> %s\n' "$*" >&2; }
fail() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# apt_get ARGUMENT…: runs apt-get with the prefix `as_root`; its output is in `log`. The first minutes of a
# new machine often belong to another apt, and apt-get waits for none of its own locks: this function waits
# for each of them, 10 minutes at most.
apt_get() {
  local until=$((SECONDS + 600)) waiting=''
  until "${as_root[@]}" env LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get "$@" >"$log" 2>&1 </dev/null; do
    grep -q '^E: Could not get lock\|lock was locked by another process' "$log" || return 1
    [ "$SECONDS" -lt "$until" ] || return 1
    [ -n "$waiting" ] || say "waiting for another apt: $(grep -m1 'lock' "$log")"
    waiting=yes
    sleep 1
  done
}

# A package with a server starts that server on installation, but the tests run their own servers. So
# during the installation a policy-rc.d script (Debian) forbids the start of services.
install_quietly() (
  as_root=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null ||
      fail "these packages are missing and cannot be installed without root or sudo: $*"
    as_root=(sudo)
  fi
  policy=/usr/sbin/policy-rc.d
  log=$(mktemp)
  if [ ! -e "$policy" ]; then
    trap '"${as_root[@]}" rm -f "$policy"' EXIT
    trap 'exit 130' INT TERM
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod +x "$policy"
  fi
  if ! { apt_get update -q && apt_get install -y -q --no-install-recommends "$@"; }; then
    grep -E '^(E|W|Err):?' "$log" | tail -5 >&2
    fail "apt-get could not install the missing packages ($*); its full output is in $log"
  fi
  rm -f "$log"
)

need_packages() {
  local missing=() package
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    say "not a Debian system: the libraries are assumed to be installed"
    return
  fi
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] && return
  say "installing with apt: ${missing[*]}"
  install_quietly "${missing[@]}"
}

# Node.js and npm for the web page. An installation from another source is used as it is.
want_node() {
  command -v node >/dev/null && command -v npm >/dev/null && return
  (need_packages "${web_packages[@]}") || say "Node.js cannot be installed: the engine is built without its web page"
}

# configure PRESET BUILD_DIR TESTS: runs cmake only for a new build directory. Later ninja runs it when a
# CMake file has changed.
configure() {
  local preset=$1 dir=$2 tests=$3
  if [ -f "$dir/build.ninja" ] && { [ "$tests" = OFF ] || grep -q '^OEE_TESTS:BOOL=ON' "$dir/CMakeCache.txt"; }; then
    return
  fi
  say "configuring $dir"
  local log="$dir/configure.log"
  mkdir -p "$dir"
  if ! (cd "$root" && cmake --preset "$preset" -DOEE_TESTS="$tests" >"$log" 2>&1); then
    grep -A8 'CMake Error' "$log" >&2
    fail "cmake could not configure; its full output is in $log"
  fi
  sed -n 's/^-- \(Web page: not built.*\)/==> \1/p' "$log" >&2
}

# build BUILD_DIR [targets…]
build() {
  local dir=$1
  shift
  local jobs fitting
  jobs=$(nproc)
  # A translation unit with Boost.Beast takes up to 1.5 GB.
  fitting=$(awk '/MemAvailable/ {print int($2 / 1048576 / 1.5)}' /proc/meminfo)
  [ "${fitting:-0}" -ge "$jobs" ] || jobs=$((fitting > 0 ? fitting : 1))
  [ -d "$dir/bin" ] || say "building in $dir; the first time takes some minutes"
  ninja -C "$dir" -j "$jobs" "$@" >&2 || fail "the build failed; the compiler's messages are above"
}
