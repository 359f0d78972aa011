// Wall-clock and steady time as used everywhere, and RFC 3339 text. Pure: the clock is a seam.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace oee {

using Micros = std::chrono::microseconds;
// Wall-clock time, UTC, microseconds (what PostgreSQL's timestamptz stores). May step.
using WallTime = std::chrono::sys_time<Micros>;
// Time for timers and durations; never steps. Its epoch has no meaning.
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, Micros>;

// "2026-03-01T12:00:00.000123Z": always UTC, always six decimals, 27 bytes.
std::string format_rfc3339(WallTime time);
void append_text(std::string& out, WallTime time);

// Parses RFC 3339 date-time (any offset, optional fraction; digits past microseconds are cut).
// invalid: not such a text, no such day or hour (a leap second :60 counts as the next second), or
// in UTC outside the years 1 to 9999.
Result<WallTime> parse_rfc3339(std::string_view text);

// Durations as flags write them: "250ms", "2s", "1500us", "5m", "1h"; a bare 0 is allowed.
Result<Micros> parse_duration(std::string_view text);
std::string format_duration(Micros duration);

}  // namespace oee
