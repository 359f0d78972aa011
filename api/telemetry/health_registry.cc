#include "api/telemetry/health_registry.h"

namespace oee {

void HealthRegistry::set_failed(const std::string& why) {
  if (failing_.exchange(true)) return;
  failure_ = why;
  failed_.store(true, std::memory_order_release);
}

Readiness HealthRegistry::readiness() const {
  Readiness answer;
  answer.words_only = words_only_;
  const auto add = [&answer](std::string words, std::string reason) {
    answer.words.push_back(std::move(words));
    answer.reasons.push_back(std::move(reason));
  };
  if (failed_.load(std::memory_order_acquire))
    add("the engine halts", "the engine halts: " + failure_);
  if (draining_) add("the engine is stopping", "the engine is stopping");
  for (const auto& [words, check] : checks_) {
    std::string reason = check();
    if (reason.empty()) continue;
    std::string plain = words.empty() ? reason : words;
    add(std::move(plain), std::move(reason));
  }
  answer.ready = answer.reasons.empty();
  JsonWriter json(answer.health_json);
  json.object([&] {
    for (const auto& [name, value] : texts_) json.key(name).text(value);
    for (const Members& members : members_) members(json);
    for (const auto& [name, number] : numbers_) json.key(name).number(number());
  });
  return answer;
}

}  // namespace oee
