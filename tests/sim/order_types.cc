#include "tests/sim/order_types.h"

#include "core/order/lifecycle.h"
#include "tests/sim/plan/registry.h"

namespace oee::sim {
namespace {

U128 at_scale_18(Decimal value) {
  U128 units = value.units;
  for (int scale = value.scale; scale < 18; ++scale) units *= 10;
  return units;
}

}  // namespace

Decimal price_at(const TokenInfo& input, const TokenInfo& output, Units bps) {
  const Decimal& in = input.reference_price;
  const Decimal& out = output.reference_price;
  return price_of(Decimal{in.units * bps, in.scale}, Decimal{out.units * 10'000, out.scale});
}

void OrderTypes::move_market() {
  const TokenRegistry& registry = sim_tokens();
  const auto& tokens = registry.tokens();
  const TokenInfo* input = &tokens[dice_.below(listed_tokens())];
  const TokenInfo* output = &tokens[dice_.below(listed_tokens())];
  if (!waits_.empty() && dice_.chance(900)) {
    const auto order = std::next(waits_.begin(), static_cast<int>(dice_.below(waits_.size())));
    input = registry.find(order->second.input);
    output = registry.find(order->second.output);
  }
  if (input == output) return;
  if (output == &unlisted_token() && dice_.chance(500)) return open_pool(*input, *output);
  venues_.move_market({input->token, output->token,
                       price_at(*input, *output, 9'600 + dice_.below(801)), std::nullopt});
}

void OrderTypes::open_pool(const TokenInfo& input, const TokenInfo& output) {
  const auto& venues = sim_tokens().venues();
  PoolOpening opening;
  opening.venue = venues[dice_.below(venues.size())].name;
  opening.input = input.token;
  opening.output = output.token;
  opening.price = price_at(input, output, 9'600 + dice_.below(801));
  opening.liquidity = *units_worth(100'000 + dice_.below(900'000), output);
  opening.kind = static_cast<PoolKind>(dice_.below(pool_kind_names.size()));
  venues_.open_pool(std::move(opening));
}

void OrderTypes::take(const RecordView& record) {
  if (record.type == EventType::order_accepted) {
    const TypeTerms& terms = record.type_terms;
    if (record.order_type == OrderType::stop || record.order_type == OrderType::sniper)
      waits_[record.order_id] = {std::string(record.input_token), std::string(record.output_token),
                                 terms};
    if (record.exact_out) exact_[record.order_id] = {};
    if (terms.slices)
      slices_[record.order_id] = {record.amount_in.units, 0, *terms.slices, record.time_us};
    return;
  }
  take_waiting(record);
  take_slices(record);
  take_exact(record);
  take_paths(record);
  take_splits(record);
}

void OrderTypes::take_paths(const RecordView& record) {
  if (record.type == EventType::transaction_built && !record.path.empty())
    paths_[record.order_id] = false;
  const auto found = paths_.find(record.order_id);
  if (found == paths_.end() || is_live_attempt(transition_of(record.type).after)) return;
  if (record.type == EventType::order_confirmed ||
      record.type == EventType::order_partially_filled) {
    coverage_.hit(Point::path_settled);
    if (found->second) coverage_.hit(Point::path_after_restart);
  }
  paths_.erase(found);
}

void OrderTypes::take_splits(const RecordView& record) {
  if (record.type == EventType::leg_built) {
    Split& split = splits_[record.order_id];
    split.venues.emplace(record.venue);
    if (++split.legs != 2) return;
    coverage_.hit(Point::split_built);
    if (slices_.contains(record.order_id)) coverage_.hit(Point::split_of_twap);
  }
  if (record.type == EventType::transaction_built && splits_filled_in_part_.erase(record.order_id))
    coverage_.hit(Point::split_tried_again);
  const auto found = splits_.find(record.order_id);
  if (found == splits_.end()) return;
  Split& split = found->second;
  const bool filled = record.type == EventType::leg_filled;
  const bool ended = record.type == EventType::leg_ended;
  split.filled += filled ? 1 : 0;
  split.ended += ended ? 1 : 0;
  if ((filled || ended) && split.restarted) coverage_.hit(Point::split_after_restart);
  if (is_live_attempt(transition_of(record.type).after)) return;
  coverage_.hit(split.venues.size() > 1 ? Point::split_between_venues : Point::split_at_one_venue);
  coverage_.hit(split.ended == 0    ? Point::split_filled
                : split.filled == 0 ? Point::split_failed
                                    : Point::split_filled_in_part);
  if (split.filled > 0 && split.ended > 0) splits_filled_in_part_.insert(record.order_id);
  splits_.erase(found);
}

void OrderTypes::take_exact(const RecordView& record) {
  const auto found = exact_.find(record.order_id);
  if (found == exact_.end()) return;
  if (record.type == EventType::transaction_built) found->second.most = record.amount_in.units;
  if (record.type == EventType::order_rested ||
      (record.type == EventType::attempt_failed && record.error == ErrorClass::no_quote))
    coverage_.hit(Point::exact_waited);
  if (record.type != EventType::order_confirmed) return;
  if (record.amount_in.units < found->second.most) coverage_.hit(Point::exact_filled_for_less);
  if (found->second.restarted) coverage_.hit(Point::exact_after_restart);
  exact_.erase(found);
}

void OrderTypes::take_waiting(const RecordView& record) {
  const bool open = is_open(transition_of(record.type).after);
  if (const auto found = triggered_.find(record.order_id); found != triggered_.end()) {
    const bool started = record.type == EventType::routing_started;
    if (started && found->second) coverage_.hit(Point::trigger_recovered);
    if (started || !open) triggered_.erase(found);
  }
  const auto found = waits_.find(record.order_id);
  if (found == waits_.end()) return;
  Wait& wait = found->second;
  auto& stop = wait.terms.trigger;
  if (record.type == EventType::order_triggered) {
    if (wait.restarted) coverage_.hit(Point::triggered_after_restart);
    coverage_.hit(!stop                                    ? Point::triggered_by_pool
                  : stop->when == TriggerWhen::at_or_above ? Point::triggered_above
                                                           : Point::triggered_below);
    if (wait.output == test::unlisted_symbol) coverage_.hit(Point::triggered_by_new_pool);
    triggered_[record.order_id] = false;
  } else if (open) {
    if (!stop || !record.amended.trigger_price) return;
    coverage_.hit(Point::trigger_amended);
    stop->price = *record.amended.trigger_price;
    return;
  } else {
    coverage_.hit(record.type == EventType::order_expired ? Point::trigger_expired
                                                          : Point::trigger_cancelled);
  }
  waits_.erase(found);
}

void OrderTypes::take_slices(const RecordView& record) {
  const auto found = slices_.find(record.order_id);
  if (found == slices_.end()) return;
  Slices& order = found->second;
  const U128 count = order.terms.count;
  // A slice is due within one interval of its number, whatever its delay.
  const auto intervals =
      static_cast<U128>((record.time_us - order.accepted_us) / order.terms.interval.count());
  const U128 due = std::min(count, intervals);
  if (record.amended.amount_in) order.amount = record.amended.amount_in->units;
  if (record.type == EventType::order_partially_filled) {
    order.filled += record.amount_in.units;
    coverage_.hit(Point::slice_filled);
    if (std::exchange(order.restarted, false)) coverage_.hit(Point::slice_after_restart);
  }
  if (record.type == EventType::transaction_built &&
      record.amount_in.units > order.amount / count + 1)
    coverage_.hit(Point::slices_together);
  if (record.type == EventType::order_rested && order.filled * count < order.amount * due)
    coverage_.hit(Point::slice_carried_over);
}

void OrderTypes::restarted() {
  for (auto& [id, wait] : waits_) wait.restarted = true;
  for (auto& [id, ended] : triggered_) ended = true;
  for (auto& [id, ended] : paths_) ended = true;
  for (auto& [id, split] : splits_) split.restarted = true;
  for (auto& [id, order] : slices_) order.restarted = order.filled > 0;
  for (auto& [id, order] : exact_) order.restarted = true;
}

bool OrderTypes::trigger_has_come(const OrderId& id) const {
  const auto found = waits_.find(id);
  if (found == waits_.end()) return false;
  const Wait& wait = found->second;
  const auto triggers = [&wait](const Token& in, const Token& out, const SpotPrice& spot,
                                Units liquidity) {
    if (in.symbol.view() != wait.input || out.symbol.view() != wait.output || spot.out == 0)
      return false;
    if (!wait.terms.trigger) return liquidity >= wait.terms.min_liquidity.value_or(Decimal{}).units;
    const U128 price = at_scale_18(decimal_price(spot, in, out));
    const U128 trigger = at_scale_18(wait.terms.trigger->price);
    return wait.terms.trigger->when == TriggerWhen::at_or_above ? price >= trigger
                                                                : price <= trigger;
  };
  for (const auto& [number, pool] : venues_.prices())
    if (triggers(pool.a, pool.b, pool.sell_a, pool.amount_b) ||
        triggers(pool.b, pool.a, pool.sell_b, pool.amount_a))
      return true;
  return false;
}

}  // namespace oee::sim
