#!/usr/bin/env bash
# Builds one fuzz target with clang and runs it: its corpus first, then new inputs for some seconds.
#   tests/fuzz/run.sh TARGET [SECONDS] [libFuzzer flags]
# Exit 0: nothing was found; 77: clang is missing; else the input is kept and its path printed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=${OEE_FUZZ_BUILD:-$here/../../build-fuzz}
compiler=${OEE_FUZZ_CXX:-clang++-14}
[ $# -ge 1 ] || { sed -n '2,4s/^# //p' "${BASH_SOURCE[0]}" >&2 && exit 2; }
target=$1 seconds=${2:-10}
shift $(($# < 2 ? $# : 2))

mkdir -p "$build/finds/$target"
log=$build/$target.log
if ! command -v "$compiler" >/dev/null ||
  ! echo 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }' |
    "$compiler" -x c++ -fsanitize=fuzzer,address - -o "$build/probe-$target" 2>"$log"; then
  echo "SKIPPED: fuzzing needs $compiler with libFuzzer (Debian: clang-14 libclang-rt-14-dev); it is not here" >&2
  exit 77
fi
rm -f "$build/probe-$target"
# Several targets may be started at once; one of them builds.
(
  flock 9
  [ -f "$build/build.ninja" ] ||
    cmake -S "$here" -B "$build" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" >"$log" 2>&1 || { cat "$log" && exit 1; }
  ninja -C "$build" "fuzz_$target" >"$log" 2>&1 || { cat "$log" && exit 1; }
) 9>"$build/lock"

corpus=$(mktemp -d "$build/corpus-$target-XXXXXX") # new inputs of this run are not kept
trap 'rm -rf "$corpus"' EXIT
if ! "$build/fuzz_$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=4096 \
  -print_final_stats=1 -artifact_prefix="$build/finds/$target/" "$@" "$corpus" "$here/corpus/$target" >"$log" 2>&1; then
  grep -vE '^(INFO|#)' "$log" | tail -60
  echo "fuzz $target: FOUND something; the input is in $build/finds/$target; run $build/fuzz_$target on it" >&2
  exit 1
fi
executed=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
echo "fuzz $target: $executed executions, $(find "$here/corpus/$target" -type f | wc -l) of them the corpus, nothing found"
