// Reader: a client that reads lists and orders, at the engine and at the gateway, while PostgreSQL
// is silent or away. Each answer is the list or a 503, at the latest when the queries' time-outs
// are over. One thread.
#pragma once

#include "tests/sim/environment/gateway.h"
#include "tests/support/log/history_checker.h"

namespace oee::sim {

class Reader {
 public:
  Reader(const SimEnvironment& environment, Dice& dice, test::HistoryChecker& checker)
      : environment_(environment), dice_(dice), checker_(checker) {}

  // Sends the next request when it is due. Each may be null.
  bool step(SimEngine* engine, SimGateway* gateway) {
    if (environment_.time.steady < next_at_ || (engine == nullptr && gateway == nullptr))
      return false;
    next_at_ = environment_.time.steady + Micros(1) + dice_.micros(2 * period_us);
    SimRequest request;
    request.method = "GET";
    request.target = targets[dice_.below(targets.size())];
    if (dice_.chance(300))
      request.target += "&afterSeq=" + std::to_string(environment_.log.durable_head());
    const auto done = [this, target = request.target](const HttpAnswer& answer) {
      environment_.coverage.hit(answer.status == 200 ? Point::list_read : Point::list_refused);
      if (answer.status != 200 && answer.status != 503)
        checker_.report({Invariant::live_goes_on, 0,
                         "GET " + target + " is answered " + std::to_string(answer.status)});
    };
    if (gateway != nullptr && (engine == nullptr || dice_.chance(500))) {
      gateway->request(std::move(request), done);
    } else {
      const auto shard = static_cast<std::uint32_t>(dice_.below(engine->shards()));
      engine->request(shard, std::move(request), done);
    }
    return true;
  }
  SteadyTime next_at() const { return next_at_; }

 private:
  static constexpr std::int64_t period_us = 2'000'000;
  static constexpr std::array<const char*, 2> targets = {"/v1/orders?limit=5",
                                                         "/v1/dead-letters?limit=5"};

  const SimEnvironment& environment_;
  Dice& dice_;
  test::HistoryChecker& checker_;
  SteadyTime next_at_{};
};

}  // namespace oee::sim
