// An executor with split attempts. Each venue has one pool of 100 SOL and 15,000 USDC: 10 SOL yield
// 1,363.6 USDC in one of them, and 1,428.6 in both.
#pragma once

#include <gtest/gtest.h>

#include "tests/core/exec/fixed_pools.h"
#include "tests/core/exec/limit_fixture.h"

namespace oee::test {

class SplitFixture : public testing::Test, protected LimitFixture {
 protected:
  SplitFixture() {
    pools = &source;
    options.concurrency = 8;
    options.routes.impact_min_bps = 0;
    for (ScriptedVenue* venue : {&raydium, &meteora}) {
      const std::string name(venue->name());
      source.pools.push_back(constant_pool((name + "-1").c_str(), name.c_str(), "SOL", "USDC",
                                           100 * sol, 15'000'000'000));
      quote(*venue, 136'000'000, 142'000'000);
    }
    restart();
  }
  // USDC units for 1 SOL: of an order in one pool, and of a leg.
  static void quote(ScriptedVenue& venue, Units alone, Units of_leg) {
    venue.on_quote = [&venue, alone, of_leg](const QuoteRequest& request) {
      venue.quoted_out = request.path.empty() ? alone : of_leg;
    };
    venue.quoted_out = of_leg;  // of what it settles
  }
  // A market order of 10 SOL that may be filled in parts.
  OrderId place_ten(std::uint64_t n) {
    OrderAccepted event = accepted_event();
    event.amount_in = Decimal{10 * sol, 9};
    event.allow_partial = true;
    AppendRequest request;
    request.order_id = order_id(n);
    request.events.push_back(std::move(event));
    log.append(std::move(request), sink, nullptr);
    return order_id(n);
  }
  // Two legs of 5 SOL, at raydium and at meteora, which take them in flight.
  OrderId place_in_flight(std::uint64_t n) {
    for (ScriptedVenue* venue : {&raydium, &meteora}) venue->script.push_back(Act::accept_first);
    const OrderId id = place_ten(n);
    settle_now();
    return id;
  }
  RouteSelected route(const OrderId& id) {
    RouteSelected last;
    for (const Record& record : records_of(id))
      if (const auto* event = std::get_if<RouteSelected>(&record.event)) last = *event;
    return last;
  }
  template <class E>
  std::vector<E> all(const OrderId& id) {
    std::vector<E> found;
    for (const Record& record : records_of(id))
      if (const auto* event = std::get_if<E>(&record.event)) found.push_back(*event);
    return found;
  }
  VenueOrderId leg_id(const OrderId& id, LegIndex leg, Attempt attempt = 1) {
    return venue_order_id_of(id, attempt, leg);
  }
  ScriptedVenue& venue_of(const OrderId& id, LegIndex leg) {
    return all<LegBuilt>(id).at(leg).venue == raydium.name() ? raydium : meteora;
  }
  std::size_t live_at(std::size_t venue) {
    return static_cast<std::size_t>(executor->metrics().venues[venue]->live);
  }
  FixedPools source;
};

}  // namespace oee::test
