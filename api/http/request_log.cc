#include "api/http/request_log.h"

#include <optional>

#include "core/base/json_writer.h"
#include "core/base/log.h"

namespace oee {
namespace {

constexpr std::size_t path_bytes_max = 512;  // of a line; longer paths are cut

// A query is not logged: a client may have put a secret into it.
std::string_view path_of_target(std::string_view target) {
  return target.substr(0, std::min(target.find('?'), path_bytes_max));
}

void add_text(std::string& line, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  line += ",\"";
  line += name;
  line += "\":\"";
  append_terminal_escaped(line, value);
  line += '"';
}
void add_number(std::string& line, std::string_view name, std::uint64_t value) {
  line += ",\"";
  line += name;
  line += "\":";
  line += std::to_string(value);
}

std::string line_of(const RequestLog::Answered& request) {
  const auto now = std::chrono::floor<Micros>(std::chrono::system_clock::now());
  std::string line;
  line.reserve(320);
  line += "{\"time\":\"";
  append_text(line, now);
  line += '"';
  add_text(line, "address", request.client.to_string());
  add_text(line, "method", request.method);
  add_text(line, "route", request.route);
  add_text(line, "path", path_of_target(request.target));
  add_number(line, "status", request.status);
  add_number(line, "bytes", request.bytes);
  add_number(line, "micros", static_cast<std::uint64_t>(request.took.count()));
  add_text(line, "requestId", request.request_id);
  add_text(line, "token", request.token);
  line += "}\n";
  return line;
}

}  // namespace

Result<std::unique_ptr<RequestLog>> RequestLog::open(const std::filesystem::path& access_log) {
  auto log = std::make_unique<RequestLog>();
  if (!access_log.empty()) {
    OEE_TRY_ASSIGN(log->access_log_, AccessLog::open(access_log));
  }
  return log;
}

bool RequestLog::shows(Refusal refusal) {
  return in_window_[static_cast<std::size_t>(refusal)].fetch_add(1, std::memory_order_relaxed) <
         shown_max;
}

void RequestLog::answered(const Answered& request) {
  const auto refusal = request.status == 401   ? std::optional(Refusal::unauthorized)
                       : request.status == 403 ? std::optional(Refusal::forbidden)
                       : request.status == 429 ? std::optional(Refusal::rate_limited)
                                               : std::nullopt;
  if (refusal && shows(*refusal)) {
    log::warn("a request is refused", log::field("status", request.status),
              log::field("address", request.client.to_string()),
              log::field("method", request.method), log::field("route", request.route),
              log::field("request", request.request_id),
              log::field("token", request.token.empty() ? "none" : request.token));
  }
  if (access_log_) access_log_->write(line_of(request));
}

void RequestLog::tls_failed(const Socket::Address& client, std::string_view why) {
  if (!shows(Refusal::tls)) return;
  log::warn("a TLS handshake failed", log::field("address", client.to_string()),
            log::field("why", why));
}

void RequestLog::report(SteadyTime now) {
  if (now < window_end_) return;
  window_end_ = now + window;
  for (std::size_t i = 0; i < refusal_names.size(); ++i) {
    const std::uint64_t count = in_window_[i].exchange(0, std::memory_order_relaxed);
    if (count <= shown_max) continue;
    log::warn("more callers were refused than the warnings show",
              log::field("refusal", refusal_names[i]), log::field("more", count - shown_max),
              log::field("seconds", window.count()));
  }
  if (!access_log_) return;
  const std::uint64_t dropped = access_log_->dropped();
  if (dropped == reported_dropped_) return;
  log::warn("lines of the access log are dropped", log::field("lines", dropped - reported_dropped_),
            log::field("why", access_log_->take_drop_reason()));
  reported_dropped_ = dropped;
}

}  // namespace oee
