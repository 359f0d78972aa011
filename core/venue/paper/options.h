// Options of the simulated exchange.
#pragma once

#include <cstdint>
#include <filesystem>

#include "core/base/time.h"

namespace oee::paper {

// Faults, as probabilities 0..1 for each submit. lose_request and lose_reply apply to cancel too.
// find and quote have no faults.
struct ExchangeFaults {
  double lose_request = 0;  // submit never reaches the exchange; the caller sees a timeout
  double lose_reply = 0;    // the exchange acts; the caller sees a timeout
  double duplicate = 0;     // the request arrives twice
  double late = 0;          // the request arrives `late_delay` after the caller saw a timeout
  Micros late_delay{0};
  double reject = 0;           // the exchange refuses durably, with venue_unavailable
  std::uint32_t move_bps = 0;  // the arbitrage account first moves the price against each trade
};

struct ExchangeOptions {
  std::filesystem::path dir;  // DATA/venue; empty: the ledger is kept in memory (simulation)
  Micros venue_delay_min{2'000'000};  // from submit to settlement
  Micros venue_delay_max{3'000'000};
  Micros quote_delay_min{100'000};
  Micros quote_delay_max{300'000};
  Micros call_timeout{2'000'000};  // a caller waits this long before a lost call is a timeout
  // Seed of the price walk. 0: derived from the height at which the ledger was created, so prices
  // continue over a restart. With a directory, a different seed at each start makes prices jump at
  // each start.
  std::uint64_t seed = 1;
  std::uint32_t drift_bps_per_s = 20;  // the most by which a reference price moves
  ExchangeFaults faults;
};

}  // namespace oee::paper
