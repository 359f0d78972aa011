// ExecutorFixture with limit orders: 1 SOL at 150 USDC or more. The scripted venues pay 149 and
// 148.
#pragma once

#include <functional>

#include "core/order/decide.h"
#include "tests/core/exec/executor_fixture.h"

namespace oee::test {

inline constexpr Units sol = 1'000'000'000;

inline void in_parts(OrderAccepted& event) {
  event.allow_partial = true;
}

class LimitFixture : public ExecutorFixture {
 public:
  OrderId place_limit(std::uint64_t n, TimeInForce time,
                      const std::function<void(OrderAccepted&)>& change = {}) {
    OrderAccepted event = accepted_event();
    event.amount_in = Decimal{sol, 9};
    event.type = OrderType::limit;
    event.time_in_force = time;
    event.limit_price = Decimal{150, 0};
    event.slippage_bps = 10'000;
    if (change) change(event);
    AppendRequest request;
    request.order_id = order_id(n);
    request.events.push_back(event);
    log.append(std::move(request), sink, nullptr);
    return order_id(n);
  }
  // The spot price of 1 SOL at the venue, in thousandths of a USDC.
  void move_price(ScriptedVenue& venue, Units milli) {
    const OrderAccepted event = accepted_event();
    venue.move_price(event.input, event.output, SpotPrice{milli * 1'000, sol});
    run_for(Micros{1});
  }
  // false: it is not legal now.
  bool amend(const OrderId& id, const std::function<void(Amendment&)>& change) {
    AmendOrder command;
    command.by = "desk";
    change(command.terms);
    const auto event = decide(order(id), command);
    if (event.ok()) append(id, *event);
    return event.ok();
  }
  // The event that it is: CancelRequested or OrderCancelled. Nothing: it is not legal now.
  std::optional<EventType> cancel(const OrderId& id) {
    const auto event = decide(order(id), CancelOrder{"desk", "enough"});
    if (!event.ok()) return std::nullopt;
    append(id, *event);
    return type_of(*event);
  }
  // The amount of the order that the venues' ledgers hold.
  Units sold(const OrderId& id) {
    Units sum = 0;
    for (Attempt attempt = 1; attempt <= order(id).attempt; ++attempt)
      for (const ScriptedVenue* venue : {&raydium, &meteora}) {
        const auto found = venue->settled.find(venue_order_id_of(id, attempt));
        if (found != venue->settled.end()) sum += found->second.amount_in;
      }
    return sum;
  }
};

}  // namespace oee::test
