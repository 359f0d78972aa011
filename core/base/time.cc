#include "core/base/time.h"

#include <array>
#include <charconv>
#include <limits>

namespace oee {
namespace {

// Writes the last `width` digits of `value` at `at`.
void put_digits(char* at, std::uint64_t value, int width) {
  for (int i = width - 1; i >= 0; --i, value /= 10) at[i] = static_cast<char>('0' + value % 10);
}

// Reads exactly `width` digits at `at`; -1: there are fewer.
int read_digits(std::string_view text, std::size_t at, std::size_t width) {
  if (at + width > text.size()) return -1;
  int value = 0;
  for (std::size_t i = at; i < at + width; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

}  // namespace

void append_text(std::string& out, WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss<Micros> clock{time - day};
  const std::size_t begin = out.size();
  out += "0000-00-00T00:00:00.000000Z";
  char* const at = &out[begin];
  put_digits(at, static_cast<std::uint64_t>(static_cast<int>(date.year())), 4);
  put_digits(at + 5, static_cast<unsigned>(date.month()), 2);
  put_digits(at + 8, static_cast<unsigned>(date.day()), 2);
  put_digits(at + 11, static_cast<std::uint64_t>(clock.hours().count()), 2);
  put_digits(at + 14, static_cast<std::uint64_t>(clock.minutes().count()), 2);
  put_digits(at + 17, static_cast<std::uint64_t>(clock.seconds().count()), 2);
  put_digits(at + 20, static_cast<std::uint64_t>(clock.subseconds().count()), 6);
}

std::string format_rfc3339(WallTime time) {
  std::string out;
  append_text(out, time);
  return out;
}

Result<WallTime> parse_rfc3339(std::string_view text) {
  using namespace std::chrono;
  const Error bad{Errc::invalid, "not an RFC 3339 time such as 2026-03-01T12:00:00Z"};
  const int y = read_digits(text, 0, 4), mo = read_digits(text, 5, 2), d = read_digits(text, 8, 2);
  const int h = read_digits(text, 11, 2), mi = read_digits(text, 14, 2);
  const int s = read_digits(text, 17, 2);
  if (y < 0 || mo < 0 || d < 0 || h < 0 || mi < 0 || s < 0) return bad;
  if (text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':') return bad;
  if (text[10] != 'T' && text[10] != 't' && text[10] != ' ') return bad;
  const year_month_day date{year{y}, month{static_cast<unsigned>(mo)},
                            day{static_cast<unsigned>(d)}};
  if (!date.ok() || h > 23 || mi > 59 || s > 60) return bad;

  std::size_t at = 19;
  std::int64_t micros = 0;
  if (at < text.size() && text[at] == '.') {
    std::int64_t unit = 100'000;
    const std::size_t begin = ++at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
      micros += unit * (text[at] - '0');
      unit /= 10;
    }
    if (at == begin) return bad;
  }
  minutes offset{0};
  if (at < text.size() && (text[at] == 'Z' || text[at] == 'z')) {
    ++at;
  } else {
    const int oh = read_digits(text, at + 1, 2), om = read_digits(text, at + 4, 2);
    if (at >= text.size() || (text[at] != '+' && text[at] != '-') || oh < 0 || om < 0 || oh > 23 ||
        om > 59 || text[at + 3] != ':')
      return bad;
    offset = hours{oh} + minutes{om};
    if (text[at] == '-') offset = -offset;
    at += 6;
  }
  if (at != text.size()) return bad;
  const WallTime time{sys_days{date} + hours{h} + minutes{mi} + seconds{s} + Micros{micros} -
                      offset};
  // A year of more than four digits could not be written again, and PostgreSQL has no year 0.
  if (time < sys_days{year{1} / 1 / 1} || time >= sys_days{year{10'000} / 1 / 1}) return bad;
  return time;
}

namespace {
struct DurationUnit {
  std::string_view name;
  std::int64_t micros;
};
// Longest names first, so that "ms" is not read as "s".
constexpr DurationUnit duration_units[] = {
    {"us", 1}, {"ms", 1'000}, {"s", 1'000'000}, {"m", 60'000'000}, {"h", 3'600'000'000}};
}  // namespace

Result<Micros> parse_duration(std::string_view text) {
  const Error bad{Errc::invalid, "not a duration such as 250ms, 2s or 5m"};
  if (text == "0") return Micros{0};
  for (const auto& unit : duration_units) {
    if (!text.ends_with(unit.name)) continue;
    const std::string_view digits = text.substr(0, text.size() - unit.name.size());
    std::int64_t count = 0;
    const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
    if (ec != std::errc{} || end != digits.data() + digits.size() || count < 0) continue;
    if (count > std::numeric_limits<std::int64_t>::max() / 4 / unit.micros) return bad;
    return Micros{count * unit.micros};
  }
  return bad;
}

std::string format_duration(Micros duration) {
  const std::int64_t micros = duration.count();
  for (auto unit = std::rbegin(duration_units); unit != std::rend(duration_units); ++unit) {
    if (micros != 0 && micros % unit->micros == 0)
      return std::to_string(micros / unit->micros) + std::string(unit->name);
  }
  return micros == 0 ? "0ms" : std::to_string(micros) + "us";
}

}  // namespace oee
