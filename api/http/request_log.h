// RequestLog: the operator's view of the requests. A refused caller (401, 403, 429, a failed TLS
// handshake) is a warning on stderr; of each kind ten are shown in ten seconds, and the number of
// the others is logged afterwards. With an access log every answered request is a line of its file.
// Owned by the composition root; any thread, unless stated otherwise.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "api/http/access_log.h"
#include "api/http/socket.h"
#include "core/base/time.h"

namespace oee {

class RequestLog {
 public:
  // One answer. The views are used during the call only. The server's own refusals of requests
  // that it cannot read have no method, route and target.
  struct Answered {
    const Socket::Address& client;
    std::string_view method = {};
    std::string_view route = {};   // the route's pattern; "other": no route matches
    std::string_view target = {};  // as sent; only its path is logged
    unsigned status = 0;
    std::size_t bytes = 0;  // of the body; 0 for streams and upgrades
    Micros took{0};         // from the request read to its answer ready
    std::string_view request_id = {};
    std::string_view token = {};  // the name of the caller's token; empty: not known
  };

  static constexpr std::uint64_t shown_max = 10;  // warnings of one kind in one window
  static constexpr std::chrono::seconds window{10};

  // `access_log` empty: there is no access log. Errors: as AccessLog::open.
  static Result<std::unique_ptr<RequestLog>> open(const std::filesystem::path& access_log);

  // Never waits for the access log's file.
  void answered(const Answered& request);
  void tls_failed(const Socket::Address& client, std::string_view why);

  // Called every second, on one thread. Logs the warnings that were not shown and the lines that
  // the access log has dropped, once a window.
  void report(SteadyTime now);

  // Null: there is none.
  AccessLog* access_log() const { return access_log_.get(); }

 private:
  enum class Refusal : std::uint8_t { unauthorized, forbidden, rate_limited, tls };
  static constexpr std::array<std::string_view, 4> refusal_names = {"401", "403", "429", "TLS"};
  // Counts the refusal. Whether its warning is shown.
  bool shows(Refusal refusal);

  std::unique_ptr<AccessLog> access_log_;
  std::array<std::atomic<std::uint64_t>, refusal_names.size()> in_window_{};
  SteadyTime window_end_{};             // of report()
  std::uint64_t reported_dropped_ = 0;  // of report()
};

}  // namespace oee
