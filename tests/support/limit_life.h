// The records of one limit order, seqs 1 to 14, with every event of such orders. Pure; any thread.
#pragma once

#include <vector>

#include "tests/support/orders.h"

namespace oee::test {

// A limit order that rests, is amended, filled in part, asked to end, and filled.
inline std::vector<Record> limit_life() {
  OrderAccepted accepted = accepted_event();
  accepted.type = OrderType::limit;
  accepted.time_in_force = TimeInForce::gtt;
  accepted.limit_price = Decimal{15'525, 2};
  accepted.allow_partial = true;
  accepted.min_out_floor = 200'000'000;
  accepted.expires_at = WallTime(Micros(1'800'000'000'000'000));
  OrderAmended amended;
  amended.by = "default";
  amended.idempotency_key = "k";
  amended.terms.amount_in = Decimal{3'000'000'000, 9};
  amended.terms.limit_price = Decimal{140, 0};
  amended.terms.slippage_bps = 50;
  amended.terms.min_out_floor = Decimal{400'000'000, 6};
  amended.terms.expires_at = WallTime(Micros(1'900'000'000'000'000));
  OrderAmended for_ever;
  for_ever.terms.expires_never = true;
  const OrderId id = order_id(1);
  RouteSelected route = route_event(1);
  route.quotes[0].amount_in = Decimal{1'000'000'000, 9};
  TransactionBuilt built = built_event(id, 1);
  built.amount_in = Decimal{1'000'000'000, 9};
  OrderPartiallyFilled part;
  part.attempt = 1;
  part.venue = "raydium";
  part.tx_hash.bytes.fill(9);
  part.amount_in = built.amount_in;
  part.amount_out = Decimal{149'000'001, 6};
  part.executed_price = Decimal{149'000'001, 6};
  part.fee = Decimal{2'000'000, 9};
  TransactionBuilt rest = built_event(id, 2);
  rest.amount_in = Decimal{2'000'000'000, 9};
  OrderConfirmed confirmed = confirmed_event(2);
  confirmed.amount_in = rest.amount_in;
  std::vector<Record> records;
  Order order;
  for (Event event :
       {Event(accepted), Event(OrderRested{"below the limit"}), Event(amended), Event(for_ever),
        Event(RoutingStarted{1}), Event(route), Event(built), Event(part),
        Event(OrderRested{"below the limit"}), Event(RoutingStarted{2}), Event(route_event(2)),
        Event(rest), Event(CancelRequested{"ops", "closing"}), Event(confirmed)}) {
    Record record = make_record(order, std::move(event));
    record.order_id = id;
    check(evolve(order, record).ok(), "limit_life: an illegal event");
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace oee::test
