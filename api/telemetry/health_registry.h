// HealthBoard: what /health and /readyz say, gathered from the parts that registered a check or a
// figure. Registered before the engine serves; read from any thread.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "api/orders/order_service.h"
#include "core/base/json_writer.h"

namespace oee {

class HealthBoard final : public Health {
 public:
  // Empty text: fine; else why the engine is not ready, in one sentence. Must be quick and
  // thread-safe.
  using Check = std::function<std::string()>;
  using Figure = std::function<std::uint64_t()>;

  void add_check(Check check) { checks_.push_back(std::move(check)); }
  void add_figure(std::string name, Figure figure) {
    figures_.emplace_back(std::move(name), std::move(figure));
  }
  // Writes members that belong together.
  using Members = std::function<void(JsonWriter& json)>;
  void add_members(Members members) { members_.push_back(std::move(members)); }
  void add_fact(std::string name, std::string value) {
    facts_.emplace_back(std::move(name), std::move(value));
  }
  void start_draining() { draining_ = true; }
  // The engine halts, and why, in one sentence; the first call counts. Any thread.
  void set_failed(const std::string& why);

  bool failed() const { return failed_.load(std::memory_order_acquire); }

  Readiness readiness() const override;
  bool draining() const override { return draining_; }

 private:
  std::vector<Check> checks_;
  std::vector<Members> members_;
  std::vector<std::pair<std::string, Figure>> figures_;
  std::vector<std::pair<std::string, std::string>> facts_;
  std::atomic<bool> draining_{false};
  std::string failure_;  // written once, before failed_
  std::atomic<bool> failing_{false};
  std::atomic<bool> failed_{false};
};

}  // namespace oee
