// ExecutorOptions: the limits and waits of one shard's executor. Fixed for the process.
#pragma once

#include "core/base/time.h"
#include "core/exec/circuit_breaker.h"
#include "core/exec/route_finder.h"
#include "core/order/decide.h"

namespace oee {

struct ExecutorOptions {
  // Decisions under way: orders that are routed and built at once. 0: new orders wait; live
  // attempts go on.
  std::uint32_t concurrency = 1'000;
  // Live attempts at one venue. 20,000 x 1 KB = 20 MB; at 2.5 s each: 8,000 orders/s. A venue with
  // so many takes no further order until one has ended.
  std::uint32_t live_attempts_max = 20'000;
  RetryRules retry;
  RouteFinderOptions routes;
  // The longest wait for an answer; a later one is taken as a report. Shorter than an orderly stop.
  Micros call_max{4'000'000};
  Micros quote_max{2'000'000};     // the same of a quote
  Micros ask_every{1'000'000};     // a live attempt without a report is asked for
  Micros ask_backoff_min{50'000};  // first wait after a find() that the venue did not answer
  Micros ask_backoff_max{1'000'000};
  // A venue whose quotes fail. The wait is short, because a probe costs one call: no order with
  // another quote waits for it.
  BreakerOptions quote_breaker;
  // A venue whose submissions fail. A probe is an order, whose outcome may stay unknown for a
  // minute: the wait is long, and so is the time for its end.
  BreakerOptions submit_breaker{.open_max = Micros{30'000'000}, .probe_max = Micros{30'000'000}};
};

}  // namespace oee
