// One event of every type with a different value in every field, always the same: the golden files
// hold these events, and the codec must return them unchanged.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "core/order/event.h"

namespace oee::test {

template <std::size_t N>
std::array<std::uint8_t, N> counting_bytes(std::uint8_t first) {
  std::array<std::uint8_t, N> bytes;
  for (std::size_t i = 0; i < N; ++i) bytes[i] = static_cast<std::uint8_t>(first + i);
  return bytes;
}

inline VenueQuote full_quote(VenueName venue, std::string error, std::string lost_because) {
  VenueQuote quote;
  quote.venue = venue;
  quote.error = std::move(error);
  quote.amount_out = {149'622'015, 6};
  quote.price = {149'622'015, 6};
  quote.fee = {2'500'000, 9};
  quote.price_impact_bps = 3;
  quote.height = 250'000'123;
  quote.lost_because = std::move(lost_because);
  return quote;
}

// The places of the events with a path in full_events().
inline constexpr std::size_t full_route_with_path = 44;
inline constexpr std::size_t full_built_with_path = 45;
inline constexpr std::size_t full_split_route = 46;

inline HopPath full_path() {
  return {{"raydium-3", "USDT"}, {"7qbRF6YsyGuLUVs6Y1q64bdVrfe4ZcUUz1JRdoVNUJnm", "USDC"}};
}

inline OrderAccepted full_order() {
  OrderAccepted order;
  order.account = "acct-7";
  order.idempotency_key = "key-1";
  order.client_order_id = "client-1";
  order.fingerprint = counting_bytes<32>(100);
  order.input = {"SOL", 9};
  order.output = {"USDC", 6};
  order.amount_in = {1'500'000'000, 9};
  order.slippage_bps = 250;
  order.expires_at = WallTime(Micros(1'780'000'600'000'001));
  order.min_out_floor = std::numeric_limits<Units>::max();
  return order;
}

// In the order of EventType up to DeadLetterDiscarded; then an OrderAccepted without its optional
// members, the changes with an idempotency key, an OrderAccepted whose expiry the log's time
// decides, an OutcomeUnknown of a start, the later event types, the members that limit orders and
// parts need, the events of no order, the terms of stop, sniper and twap orders, tags, a quote, an
// exact output, a path, and the legs of a split attempt.
inline std::vector<Event> full_events() {
  const TxHash tx{counting_bytes<64>(7)};
  RouteSelected route;
  route.attempt = 2;
  route.quotes = {full_quote("raydium", "", ""), full_quote("meteora", "", "13 bps less"),
                  full_quote("orca", "timeout", "no quote")};
  TransactionBuilt built{2,       "raydium",   VenueOrderId{counting_bytes<16>(50)},
                         {1, 9},  {2, 6},      {3, 6},
                         {4, 18}, 250'000'500, {}};
  OrderConfirmed confirmed{
      2,  "raydium", tx, {1'500'000'000, 9}, {224'433'022, 6}, {149'622'014, 6}, {3'750'000, 9},
      -12};
  OrderAccepted bare;
  bare.account = "default";
  bare.input = {"A", 0};
  bare.output = {"B", 18};
  OrderAccepted expiring = full_order();
  expiring.expires_by_log_time = true;
  OrderPartiallyFilled partial{
      2, "raydium", tx, {500'000'000, 9}, {74'811'007, 6}, {149'622'014, 6}, {1'250'000, 9}};
  OrderAmended amended{"acct-7", "more", "key-6", counting_bytes<32>(60), {}};
  amended.terms.amount_in = Decimal{2'000'000'000, 9};
  amended.terms.limit_price = Decimal{1'495, 1};
  amended.terms.slippage_bps = 0;
  amended.terms.min_out_floor = Decimal{0, 6};
  amended.terms.expires_at = WallTime(Micros(0));
  OrderAmended never{"acct-7", "", {}, {}, {}};
  never.terms.expires_never = true;
  OrderAccepted limit = expiring;
  limit.type = OrderType::limit;
  limit.time_in_force = TimeInForce::gtt;
  limit.limit_price = Decimal{149'500'001, 6};
  limit.allow_partial = true;
  RouteSelected in_parts = route;
  in_parts.quotes[0].amount_in = Decimal{500'000'000, 9};
  OrderAccepted stop = expiring;
  stop.type = OrderType::stop;
  stop.type_terms.trigger = TriggerTerms{{149'500'001, 6}, TriggerWhen::at_or_above};
  OrderAccepted sniper = expiring;
  sniper.type = OrderType::sniper;
  sniper.type_terms.min_liquidity = Decimal{5'000'000'000, 6};
  OrderAccepted twap = expiring;
  twap.type = OrderType::twap;
  twap.type_terms.slices = SliceTerms{1'000, Micros(30'000'000), 25};
  OrderAccepted tagged = expiring;
  tagged.tags = {"momentum", "desk-7"};
  OrderAccepted quoted = expiring;
  quoted.quote_id = "5a0b";
  OrderAccepted exact = expiring;
  exact.min_out_floor.reset();
  exact.exact_out = 224'433'022;
  OutcomeResolved exact_end{
      2,    "ops", "mail",           "key-8",        counting_bytes<32>(50),
      true, tx,    {224'433'022, 6}, {3'750'000, 9}, Decimal{1'500'000'001, 9}};
  RouteSelected through_path = route;
  through_path.quotes[0].lost_because = "9 bps less";
  through_path.quotes.push_back(full_quote("raydium", "", ""));
  through_path.quotes[3].path = full_path();
  through_path.quotes.push_back(full_quote("raydium", "not asked: 2 bps less", "no quote"));
  through_path.quotes[4].path = {
      {"raydium-4", "JUP"}, {"raydium-8", "USDT"}, {"raydium-5", "USDC"}};
  through_path.chosen = 3;
  TransactionBuilt path_built = built;
  path_built.path = full_path();
  RouteSelected split = route;
  split.quotes[0].lost_because = "9 bps less than the split";
  for (const Units part : {900'000'000, 600'000'000}) {
    VenueQuote& leg = split.quotes.emplace_back(full_quote("raydium", "", ""));
    leg.amount_in = Decimal{part, 9};
    leg.amount_out = {part / 10 + 1, 6};
  }
  split.quotes.back().path = full_path();
  split.chosen = 3;
  split.legs = 2;
  LegBuilt leg{2,           1,      "raydium", VenueOrderId{counting_bytes<16>(50)},
               {1, 9},      {2, 6}, {3, 6},    {4, 18},
               250'000'500, {}};
  LegBuilt path_leg = leg;
  path_leg.path = full_path();
  LegFilled leg_filled{
      2, 1, "raydium", tx, {500'000'000, 9}, {74'811'007, 6}, {149'622'014, 6}, {1'250'000, 9}};
  OutcomeResolved leg_end{2,    "ops", "mail",          "key-9",        counting_bytes<32>(50),
                          true, tx,    {74'811'007, 6}, {1'250'000, 9}, {},
                          1};
  OrderAmended trigger{"acct-7", "", {}, {}, {}};
  trigger.terms.trigger_price = Decimal{1'495, 1};
  return {full_order(),
          RoutingStarted{2},
          route,
          built,
          TransactionSubmitted{2, "raydium", tx},
          OutcomeUnknown{2, "no reply in 5 s"},
          confirmed,
          AttemptFailed{2, ErrorClass::attempt_cancelled, "tombstone", WallTime(Micros(-1))},
          OrderFailed{3, ErrorClass::interrupted, "fifth start", 3},
          OrderCancelled{"acct-7", "changed my mind"},
          OrderExpired{"engine", "expiresAt passed"},
          DeadLetterRequeued{"ops", "venue is back"},
          DeadLetterDiscarded{"ops", ""},
          bare,
          OrderCancelled{"acct-7", "changed my mind", "key-2", counting_bytes<32>(10)},
          DeadLetterRequeued{"ops", "venue is back", "key-3", counting_bytes<32>(20)},
          DeadLetterDiscarded{"ops", "", "key-4", counting_bytes<32>(30)},
          expiring,
          OutcomeUnknown{2, "ended while live", true},
          OutcomeResolved{2,
                          "ops",
                          "mail of 1 May",
                          "key-5",
                          counting_bytes<32>(40),
                          true,
                          tx,
                          {224'433'022, 6},
                          {3'750'000, 9}},
          OutcomeResolved{2, "ops", ""},
          OrderRested{"below the limit"},
          partial,
          CancelRequested{"acct-7", "changed my mind"},
          OrderAmended{"acct-7", "more", {}, {}, {}},
          CancelRequested{"acct-7", "changed my mind", "key-5", counting_bytes<32>(40)},
          amended,
          never,
          limit,
          in_parts,
          TradingHalted{HaltScope::token, "USDC", "ops", "depeg", "key-6", counting_bytes<32>(40)},
          TradingResumed{7, "ops", "it holds again", "key-7", counting_bytes<32>(60)},
          TradingHalted{HaltScope::all, "", "engine", "fail-stop"},
          stop,
          sniper,
          twap,
          trigger,
          OrderTriggered{"raydium", {149'500'001, 6}, 250'000'500, {}},
          OrderTriggered{"raydium", {149'500'001, 6}, 250'000'500, Decimal{5'000'000'001, 6}},
          tagged,
          quoted,
          RiskLimitsChanged{"oee/risk-limits/2\nall open_orders 1000\n", "engine", "the start"},
          exact,
          exact_end,
          through_path,
          path_built,
          split,
          leg,
          path_leg,
          LegSubmitted{2, 1, "raydium", tx},
          LegOutcomeUnknown{2, 1, "no reply in 5 s"},
          leg_filled,
          LegEnded{2, 1, ErrorClass::attempt_cancelled, "tombstone"},
          leg_end};
}

}  // namespace oee::test
