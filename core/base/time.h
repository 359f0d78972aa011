// Types of wall-clock and steady time, and their texts. Pure; any thread. The clock itself is a
// seam (core/seams/clock.h).
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace oee {

using Micros = std::chrono::microseconds;
// Wall-clock time: UTC, microseconds, as in PostgreSQL's timestamptz. It may step.
using WallTime = std::chrono::sys_time<Micros>;
// Time for timers and durations. It never steps; its epoch has no meaning.
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, Micros>;

// "2026-03-01T12:00:00.000123Z": always UTC, always six decimals, 27 bytes.
std::string format_rfc3339(WallTime time);
void append_text(std::string& out, WallTime time);

// Parses an RFC 3339 date-time: any offset, an optional fraction; digits past microseconds are cut
// off. A leap second (:60) counts as the next second. invalid: another form, a day or an hour that
// does not exist, or a time outside the years 1 to 9999 in UTC.
Result<WallTime> parse_rfc3339(std::string_view text);

// Parses a duration in the form of the flags: "250ms", "2s", "1500us", "5m", "1h", or "0" alone.
// invalid: another form, or a duration that is too long.
Result<Micros> parse_duration(std::string_view text);
// The same form, in the largest unit that needs no fraction; "0ms" for zero.
std::string format_duration(Micros duration);

}  // namespace oee
