// Event → FlatBuffers payload.
#include <memory>

#include "eventlog/codec.h"
#include "order_event_generated.h"

namespace oee {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using Text = Offset<flatbuffers::String>;

Error too_large(std::string_view member, std::size_t max) {
  return {Errc::invalid, std::string(member) + " exceeds its maximum of " + std::to_string(max)};
}

// The first member that exceeds its maximum, kept while a payload is built.
class Limits {
 public:
  void text(std::string_view member, std::string_view value, std::size_t max) {
    if (value.size() > max && !error_) error_ = too_large(member, max);
  }
  void scale(std::string_view member, std::uint8_t value) {
    if (value > decimal_scale_max && !error_) error_ = too_large(member, decimal_scale_max);
  }
  void that(bool holds, std::string_view what) {
    if (!holds && !error_) error_ = Error{Errc::invalid, std::string(what)};
  }
  const std::optional<Error>& error() const { return error_; }

 private:
  std::optional<Error> error_;
};

template <class Stored, std::size_t N>
Stored stored_bytes(const std::array<std::uint8_t, N>& bytes) {
  return Stored(flatbuffers::span<const std::uint8_t, N>(bytes.data(), N));
}

class Encoder {
 public:
  explicit Encoder(FlatBufferBuilder& fbb) : fbb_(fbb) {}

  Offset<void> operator()(const OrderAccepted& e) {
    auto account = key("account", e.account);
    auto idempotency_key = optional_key("idempotency_key", e.idempotency_key);
    auto client_order_id = optional_key("client_order_id", e.client_order_id);
    auto input = token(e.input);
    auto output = token(e.output);
    auto stored_tags = tags(e.tags);
    auto quote_id = optional_key("quote_id", e.quote_id);
    const auto fingerprint = stored_bytes<fb::Bytes32>(e.fingerprint);
    const auto amount_in = decimal("amount_in", e.amount_in);
    const auto limit_price = optional_decimal("limit_price", e.limit_price);
    const TypeTerms& terms = e.type_terms;
    std::optional<fb::Decimal> trigger_price;
    if (terms.trigger) trigger_price = decimal("trigger_price", terms.trigger->price);
    const auto min_liquidity = optional_decimal("min_liquidity", terms.min_liquidity);
    fb::OrderAcceptedBuilder b(fbb_);
    b.add_account(account);
    b.add_idempotency_key(idempotency_key);
    b.add_client_order_id(client_order_id);
    b.add_fingerprint(&fingerprint);
    b.add_input(input);
    b.add_output(output);
    b.add_amount_in(&amount_in);
    b.add_slippage_bps(e.slippage_bps);
    b.add_type(static_cast<fb::OrderType>(e.type));
    if (e.expires_at) b.add_expires_at_us(e.expires_at->time_since_epoch().count());
    if (e.min_out_floor) b.add_min_out_floor(*e.min_out_floor);
    b.add_expires_by_log_time(e.expires_by_log_time);
    b.add_time_in_force(static_cast<fb::TimeInForce>(e.time_in_force));
    if (limit_price) b.add_limit_price(&*limit_price);
    b.add_allow_partial(e.allow_partial);
    if (terms.trigger) {
      b.add_trigger_price(&*trigger_price);
      b.add_trigger_when(static_cast<fb::TriggerWhen>(terms.trigger->when));
    }
    if (min_liquidity) b.add_min_liquidity(&*min_liquidity);
    if (terms.slices) {
      b.add_slices(terms.slices->count);
      b.add_slice_interval_us(static_cast<std::uint64_t>(terms.slices->interval.count()));
      b.add_slice_randomize_percent(terms.slices->randomize_percent);
    }
    b.add_tags(stored_tags);
    b.add_quote_id(quote_id);
    if (e.exact_out) b.add_exact_out(*e.exact_out);
    return b.Finish().Union();
  }

  Offset<void> operator()(const RoutingStarted& e) {
    return fb::CreateRoutingStarted(fbb_, e.attempt).Union();
  }

  Offset<void> operator()(const RouteSelected& e) {
    limits_.that(e.quotes.size() <= quotes_max, "quotes exceeds its maximum of 64");
    limits_.that(e.chosen < e.quotes.size(), "chosen is not an index of a quote");
    limits_.that(e.legs >= 1 && e.legs <= legs_max && e.chosen + e.legs <= e.quotes.size(),
                 "legs is not a number of chosen quotes");
    std::vector<Offset<fb::VenueQuote>> quotes;
    quotes.reserve(e.quotes.size());
    for (const auto& q : e.quotes) quotes.push_back(quote(q));
    auto stored = fbb_.CreateVector(quotes);
    return fb::CreateRouteSelected(fbb_, e.attempt, stored, e.chosen, e.legs).Union();
  }

  Offset<void> operator()(const TransactionBuilt& e) {
    return built(e, [&](auto... members) {
      return fb::CreateTransactionBuilt(fbb_, e.attempt, members...);
    });
  }

  Offset<void> operator()(const TransactionSubmitted& e) {
    auto venue = fbb_.CreateString(e.venue.view().data(), e.venue.view().size());
    const auto hash = stored_bytes<fb::Bytes64>(e.tx_hash.bytes);
    return fb::CreateTransactionSubmitted(fbb_, e.attempt, venue, &hash).Union();
  }

  Offset<void> operator()(const OutcomeUnknown& e) {
    auto seen = text("seen", e.seen);
    return fb::CreateOutcomeUnknown(fbb_, e.attempt, seen, e.interrupted).Union();
  }

  Offset<void> operator()(const OrderConfirmed& e) {
    return fill(e, [&](auto... members) {
      return fb::CreateOrderConfirmed(fbb_, e.attempt, members..., e.slippage_realised_bps);
    });
  }

  Offset<void> operator()(const AttemptFailed& e) {
    auto detail = text("detail", e.detail);
    return fb::CreateAttemptFailed(fbb_, e.attempt, static_cast<fb::ErrorClass>(e.error), detail,
                                   e.retry_at.time_since_epoch().count())
        .Union();
  }

  Offset<void> operator()(const OrderFailed& e) {
    auto detail = text("detail", e.detail);
    return fb::CreateOrderFailed(fbb_, e.attempt, static_cast<fb::ErrorClass>(e.error), detail,
                                 e.attempts_made)
        .Union();
  }

  Offset<void> operator()(const OrderCancelled& e) { return change(e, fb::CreateOrderCancelled); }
  Offset<void> operator()(const OrderExpired& e) {
    auto by = text("by", e.by);
    auto why = text("why", e.why);
    return fb::CreateOrderExpired(fbb_, by, why).Union();
  }
  Offset<void> operator()(const DeadLetterRequeued& e) {
    return change(e, fb::CreateDeadLetterRequeued);
  }
  Offset<void> operator()(const DeadLetterDiscarded& e) {
    return change(e, fb::CreateDeadLetterDiscarded);
  }
  Offset<void> operator()(const OrderRested& e) {
    auto why = text("why", e.why);
    return fb::CreateOrderRested(fbb_, why).Union();
  }
  Offset<void> operator()(const OrderPartiallyFilled& e) {
    return fill(e, [&](auto... members) {
      return fb::CreateOrderPartiallyFilled(fbb_, e.attempt, members...);
    });
  }
  Offset<void> operator()(const CancelRequested& e) { return change(e, fb::CreateCancelRequested); }
  Offset<void> operator()(const OrderAmended& e) {
    const bool keyed = !e.idempotency_key.empty();
    auto by = keyed ? optional_key("by", e.by) : text("by", e.by);
    auto why = text("why", e.why);
    auto idempotency_key = optional_key("idempotency_key", e.idempotency_key);
    const auto fingerprint = stored_bytes<fb::Bytes32>(e.fingerprint);
    const Amendment& terms = e.terms;
    const auto amount_in = optional_decimal("amount_in", terms.amount_in);
    const auto limit_price = optional_decimal("limit_price", terms.limit_price);
    const auto min_out_floor = optional_decimal("min_out_floor", terms.min_out_floor);
    const auto trigger_price = optional_decimal("trigger_price", terms.trigger_price);
    fb::OrderAmendedBuilder b(fbb_);
    b.add_by(by);
    b.add_why(why);
    b.add_idempotency_key(idempotency_key);
    if (keyed) b.add_fingerprint(&fingerprint);
    if (amount_in) b.add_amount_in(&*amount_in);
    if (limit_price) b.add_limit_price(&*limit_price);
    if (terms.slippage_bps) b.add_slippage_bps(*terms.slippage_bps);
    if (min_out_floor) b.add_min_out_floor(&*min_out_floor);
    if (terms.expires_at) b.add_expires_at_us(terms.expires_at->time_since_epoch().count());
    b.add_expires_never(terms.expires_never);
    if (trigger_price) b.add_trigger_price(&*trigger_price);
    return b.Finish().Union();
  }

  Offset<void> operator()(const OutcomeResolved& e) {
    const bool keyed = !e.idempotency_key.empty();
    auto by = keyed ? optional_key("by", e.by) : text("by", e.by);
    auto why = text("why", e.why);
    auto idempotency_key = optional_key("idempotency_key", e.idempotency_key);
    const auto fingerprint = stored_bytes<fb::Bytes32>(e.fingerprint);
    const auto hash = stored_bytes<fb::Bytes64>(e.tx_hash.bytes);
    const auto amount_out = decimal("amount_out", e.amount_out);
    const auto fee = decimal("fee", e.fee);
    const auto amount_in = optional_decimal("amount_in", e.amount_in);
    const flatbuffers::Optional<std::uint8_t> leg =
        e.leg ? flatbuffers::Optional<std::uint8_t>(*e.leg) : flatbuffers::nullopt;
    return fb::CreateOutcomeResolved(
               fbb_, e.attempt, by, why, idempotency_key, keyed ? &fingerprint : nullptr, e.settled,
               e.settled ? &hash : nullptr, e.settled ? &amount_out : nullptr,
               e.settled ? &fee : nullptr, e.settled && amount_in ? &*amount_in : nullptr, leg)
        .Union();
  }

  Offset<void> operator()(const TradingHalted& e) {
    auto value = optional_key("value", e.value);
    return change(e, [&](auto& fbb, auto... rest) {
      return fb::CreateTradingHalted(fbb, static_cast<fb::HaltScope>(e.scope), value, rest...);
    });
  }
  Offset<void> operator()(const TradingResumed& e) {
    return change(
        e, [&](auto& fbb, auto... rest) { return fb::CreateTradingResumed(fbb, e.halt, rest...); });
  }
  Offset<void> operator()(const OrderTriggered& e) {
    auto venue = fbb_.CreateString(e.venue.view().data(), e.venue.view().size());
    const auto price = decimal("price", e.price);
    const auto liquidity = optional_decimal("liquidity", e.liquidity);
    return fb::CreateOrderTriggered(fbb_, venue, &price, e.height,
                                    liquidity ? &*liquidity : nullptr)
        .Union();
  }

  Offset<void> operator()(const RiskLimitsChanged& e) {
    limits_.text("limits", e.limits, risk_limits_bytes_max);
    // A required member is written even after an error, as the builder asserts its presence.
    auto limits = fbb_.CreateString(limits_.error() ? std::string() : e.limits);
    auto by = text("by", e.by);
    auto why = text("why", e.why);
    return fb::CreateRiskLimitsChanged(fbb_, limits, by, why).Union();
  }

  Offset<void> operator()(const LegBuilt& e) {
    return built(
        e, [&](auto... members) { return fb::CreateLegBuilt(fbb_, e.attempt, e.leg, members...); });
  }
  Offset<void> operator()(const LegSubmitted& e) {
    auto venue = fbb_.CreateString(e.venue.view().data(), e.venue.view().size());
    const auto hash = stored_bytes<fb::Bytes64>(e.tx_hash.bytes);
    return fb::CreateLegSubmitted(fbb_, e.attempt, e.leg, venue, &hash).Union();
  }
  Offset<void> operator()(const LegOutcomeUnknown& e) {
    auto seen = text("seen", e.seen);
    return fb::CreateLegOutcomeUnknown(fbb_, e.attempt, e.leg, seen).Union();
  }
  Offset<void> operator()(const LegFilled& e) {
    return fill(e, [&](auto... members) {
      return fb::CreateLegFilled(fbb_, e.attempt, e.leg, members...);
    });
  }
  Offset<void> operator()(const LegEnded& e) {
    auto detail = text("detail", e.detail);
    return fb::CreateLegEnded(fbb_, e.attempt, e.leg, static_cast<fb::ErrorClass>(e.error), detail)
        .Union();
  }

  const std::optional<Error>& error() const { return limits_.error(); }

 private:
  // TransactionBuilt, LegBuilt: the members behind their numbers.
  Offset<void> built(const auto& e, auto create) {
    auto venue = fbb_.CreateString(e.venue.view().data(), e.venue.view().size());
    const auto id = stored_bytes<fb::Bytes16>(e.venue_order_id.bytes);
    const auto amount_in = decimal("amount_in", e.amount_in);
    const auto expected_out = decimal("expected_out", e.expected_out);
    const auto min_out = decimal("min_out", e.min_out);
    const auto price = decimal("price", e.price);
    auto path = hops(e.path);
    return create(venue, &id, &amount_in, &expected_out, &min_out, &price, e.valid_until_height,
                  path)
        .Union();
  }
  // OrderConfirmed, OrderPartiallyFilled, LegFilled: the same.
  Offset<void> fill(const auto& e, auto create) {
    auto venue = fbb_.CreateString(e.venue.view().data(), e.venue.view().size());
    const auto hash = stored_bytes<fb::Bytes64>(e.tx_hash.bytes);
    const auto amount_in = decimal("amount_in", e.amount_in);
    const auto amount_out = decimal("amount_out", e.amount_out);
    const auto executed_price = decimal("executed_price", e.executed_price);
    const auto fee = decimal("fee", e.fee);
    return create(venue, &hash, &amount_in, &amount_out, &executed_price, &fee).Union();
  }

  template <class E, class Create>
  Offset<void> change(const E& e, Create create) {
    const bool keyed = !e.idempotency_key.empty();
    auto by = keyed ? optional_key("by", e.by) : text("by", e.by);
    auto why = text("why", e.why);
    auto idempotency_key = optional_key("idempotency_key", e.idempotency_key);
    const auto fingerprint = stored_bytes<fb::Bytes32>(e.fingerprint);
    return create(fbb_, by, why, idempotency_key, keyed ? &fingerprint : nullptr).Union();
  }

  // Empty texts are left out: an absent one reads as empty.
  Text limited(std::string_view member, const std::string& value, std::size_t max) {
    limits_.text(member, value, max);
    if (limits_.error()) return 0;
    return fbb_.CreateString(value);
  }
  Text text(std::string_view member, const std::string& value) {
    return value.empty() ? Text(0) : limited(member, value, text_bytes_max);
  }
  Text optional_key(std::string_view member, const std::string& value) {
    return value.empty() ? Text(0) : limited(member, value, key_bytes_max);
  }
  Text key(std::string_view member, const std::string& value) {
    // A required member is written even after an error, as the builder asserts its presence.
    limits_.text(member, value, key_bytes_max);
    return fbb_.CreateString(value.data(), std::min(value.size(), key_bytes_max));
  }

  // Absent when there is none.
  Offset<flatbuffers::Vector<Text>> tags(const std::vector<std::string>& values) {
    limits_.that(values.size() <= tags_max, "tags exceeds its maximum of 8");
    for (const std::string& value : values) limits_.text("tag", value, tag_bytes_max);
    if (values.empty() || limits_.error()) return 0;
    return fbb_.CreateVectorOfStrings(values);
  }

  fb::Decimal decimal(std::string_view member, Decimal value) {
    limits_.scale(member, value.scale);
    return {value.units, value.scale};
  }

  std::optional<fb::Decimal> optional_decimal(std::string_view member,
                                              const std::optional<Decimal>& value) {
    if (!value) return std::nullopt;
    return decimal(member, *value);
  }

  Offset<fb::Token> token(const Token& t) {
    limits_.scale("decimals", t.decimals);
    auto symbol = fbb_.CreateString(t.symbol.view().data(), t.symbol.view().size());
    return fb::CreateToken(fbb_, symbol, t.decimals);
  }

  Offset<fb::VenueQuote> quote(const VenueQuote& q) {
    auto venue = fbb_.CreateString(q.venue.view().data(), q.venue.view().size());
    auto error = text("error", q.error);
    auto lost_because = text("lost_because", q.lost_because);
    const auto amount_out = decimal("amount_out", q.amount_out);
    const auto price = decimal("price", q.price);
    const auto fee = decimal("fee", q.fee);
    const auto amount_in = optional_decimal("amount_in", q.amount_in);
    auto path = hops(q.path);
    return fb::CreateVenueQuote(fbb_, venue, error, &amount_out, &price, &fee, q.price_impact_bps,
                                q.height, lost_because, amount_in ? &*amount_in : nullptr, path);
  }

  // Absent when there is none.
  Offset<flatbuffers::Vector<Offset<fb::Hop>>> hops(const HopPath& path) {
    limits_.that(path.size() <= hops_max, "path exceeds its maximum of 3 pools");
    if (path.empty() || limits_.error()) return 0;
    std::vector<Offset<fb::Hop>> stored;
    for (const Hop& hop : path) {
      auto pool = fbb_.CreateString(hop.pool.view().data(), hop.pool.view().size());
      auto output = fbb_.CreateString(hop.output.view().data(), hop.output.view().size());
      stored.push_back(fb::CreateHop(fbb_, pool, output));
    }
    return fbb_.CreateVector(stored);
  }

  FlatBufferBuilder& fbb_;
  Limits limits_;
};

}  // namespace

Result<void> append_payload(std::string& out, const Event& event) {
  // One builder per thread keeps its buffer: no allocation per event once it has grown.
  thread_local FlatBufferBuilder fbb(4096);
  fbb.Clear();
  Encoder encoder(fbb);
  const auto body = std::visit(encoder, event);
  if (encoder.error()) return *encoder.error();
  const auto tag = static_cast<fb::EventBody>(event.index() + 1);
  fb::FinishOrderEventBuffer(fbb, fb::CreateOrderEvent(fbb, tag, body));
  if (fbb.GetSize() > record_payload_bytes_max)
    return too_large("the event's payload in bytes", record_payload_bytes_max);
  out.append(reinterpret_cast<const char*>(fbb.GetBufferPointer()), fbb.GetSize());
  return {};
}

Result<EncodedEvent> encode_event(const Event& event) {
  EncodedEvent encoded;
  encoded.type = type_of(event);
  OEE_TRY(append_payload(encoded.payload, event));
  return encoded;
}

}  // namespace oee
