// HealthRegistry: the content of /health and /readyz. Parts register checks, texts and numbers
// before the engine serves. Owned by the composition root; read on any thread.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "api/telemetry/health.h"
#include "core/base/json_writer.h"

namespace oee {

class HealthRegistry final : public Health {
 public:
  // Empty text: healthy; else one sentence why the engine is not ready. Must be quick and
  // thread-safe.
  using Check = std::function<std::string()>;
  using Number = std::function<std::uint64_t()>;
  // Writes several members whose values belong together. Must be quick and thread-safe.
  using Members = std::function<void(JsonWriter& json)>;

  // The check's text names no host, user or file.
  void add_check(Check check) { checks_.push_back({{}, std::move(check)}); }
  // The check's text may name them; `words` is the same reason without names.
  void add_check(std::string words, Check check) {
    checks_.push_back({std::move(words), std::move(check)});
  }
  void add_number(std::string name, Number number) {
    numbers_.emplace_back(std::move(name), std::move(number));
  }
  void add_members(Members members) { members_.push_back(std::move(members)); }
  void add_text(std::string name, std::string value) {
    texts_.emplace_back(std::move(name), std::move(value));
  }

  // Sets Readiness::words_only: strangers can read /health. Before the engine serves.
  void hide_reasons() { words_only_ = true; }

  // The process is stopping; it is not ready from here on. Any thread.
  void start_draining() { draining_ = true; }
  // The engine halts. `why`: one sentence; the first call's is kept. Any thread.
  void set_failed(const std::string& why);

  bool failed() const { return failed_.load(std::memory_order_acquire); }

  Readiness readiness() const override;
  bool draining() const { return draining_; }

 private:
  struct NamedCheck {
    std::string words;  // empty: as the text
    Check check;
  };
  std::vector<NamedCheck> checks_;
  bool words_only_ = false;
  std::vector<Members> members_;
  std::vector<std::pair<std::string, Number>> numbers_;
  std::vector<std::pair<std::string, std::string>> texts_;
  std::atomic<bool> draining_{false};
  std::string failure_;  // written once, before failed_
  std::atomic<bool> failing_{false};
  std::atomic<bool> failed_{false};
};

}  // namespace oee
