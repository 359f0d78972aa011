// The reason why an engine is not ready while its disk hangs. Pure. Any thread.
#pragma once

#include <chrono>
#include <string>

namespace oee {

// A sync takes milliseconds, on a busy disk a second.
inline constexpr std::chrono::seconds commit_age_max{3};

// `commit_age`: the age of the oldest append that the log has taken and not answered. Empty: the
// log makes progress.
inline std::string log_stall_reason(std::chrono::seconds commit_age) {
  if (commit_age < commit_age_max) return {};
  return "the log has not finished a sync for " + std::to_string(commit_age.count()) + " s";
}

}  // namespace oee
