#include "core/base/limit_breach.h"

namespace oee {
namespace {

constexpr std::string_view before_limit = ": limit ";
constexpr std::string_view before_value = ", value ";

}  // namespace

Error to_error(const LimitBreach& breach) {
  std::string detail = breach.name;
  detail.append(before_limit).append(breach.limit);
  detail.append(before_value).append(breach.value);
  return {Errc::risk_limit, std::move(detail)};
}

std::optional<LimitBreach> breach_of(const Error& error) {
  if (error.code != Errc::risk_limit) return std::nullopt;
  const std::string_view text = error.detail;
  const auto limit = text.find(before_limit);
  if (limit == text.npos) return std::nullopt;
  const auto value = text.find(before_value, limit + before_limit.size());
  if (value == text.npos) return std::nullopt;
  LimitBreach breach;
  breach.name = text.substr(0, limit);
  const auto limit_begin = limit + before_limit.size();
  breach.limit = text.substr(limit_begin, value - limit_begin);
  breach.value = text.substr(value + before_value.size());
  return breach;
}

}  // namespace oee
