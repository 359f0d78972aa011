#include "api/health_board.h"

#include "core/base/json_writer.h"

namespace oee {

Readiness HealthBoard::readiness() const {
  Readiness answer;
  if (draining_) answer.reasons.push_back("the engine is stopping");
  for (const Check& check : checks_) {
    std::string reason = check();
    if (!reason.empty()) answer.reasons.push_back(std::move(reason));
  }
  answer.ready = answer.reasons.empty();
  JsonWriter json(answer.health_json);
  json.object([&] {
    for (const auto& [name, value] : facts_) json.key(name).text(value);
    for (const auto& [name, figure] : figures_) json.key(name).number(figure());
  });
  return answer;
}

}  // namespace oee
