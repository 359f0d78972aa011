// FlatBuffers payload → Event. The generated verifier accepts the bytes first. It does not check
// sizes of texts, values of enums, scales and indexes: they are checked here.
#include <cstring>
#include <vector>

#include "eventlog/codec.h"
#include "order_event_generated.h"

namespace oee {
namespace {

// `Text`: std::string, or std::string_view of the payload.
template <class Text>
class Decoder {
 public:
  OrderAcceptedOf<Text> read(const fb::OrderAccepted& e) {
    OrderAcceptedOf<Text> out;
    out.account = text(e.account());
    out.idempotency_key = text(e.idempotency_key());
    out.client_order_id = text(e.client_order_id());
    out.fingerprint = bytes<Hash256>(*e.fingerprint());
    out.input = token(*e.input());
    out.output = token(*e.output());
    out.amount_in = decimal(*e.amount_in());
    out.slippage_bps = e.slippage_bps();
    if (static_cast<OrderType>(e.type()) > order_type_last) unknown("order type");
    out.type = static_cast<OrderType>(e.type());
    if (auto at = e.expires_at_us()) out.expires_at = WallTime(Micros(*at));
    if (auto least = e.min_out_floor()) out.min_out_floor = *least;
    out.expires_by_log_time = e.expires_by_log_time();
    if (static_cast<TimeInForce>(e.time_in_force()) > time_in_force_last) unknown("time in force");
    out.time_in_force = static_cast<TimeInForce>(e.time_in_force());
    out.limit_price = optional_decimal(e.limit_price());
    out.allow_partial = e.allow_partial();
    out.type_terms = type_terms(e);
    if (e.tags() != nullptr)
      for (const auto* tag : *e.tags()) out.tags.push_back(text(tag));
    out.quote_id = text(e.quote_id());
    if (auto exact = e.exact_out()) out.exact_out = *exact;
    return out;
  }
  RoutingStarted read(const fb::RoutingStarted& e) { return {e.attempt()}; }
  RouteSelectedOf<Text> read(const fb::RouteSelected& e) {
    RouteSelectedOf<Text> out;
    out.attempt = e.attempt();
    out.chosen = e.chosen();
    out.legs = e.legs();
    out.quotes.reserve(e.quotes()->size());
    for (const auto* q : *e.quotes()) out.quotes.push_back(quote(*q));
    if (out.chosen >= out.quotes.size()) damaged("the chosen quote is not among the quotes");
    if (out.legs < 1 || out.legs > legs_max || out.chosen + out.legs > out.quotes.size())
      damaged("the chosen legs are not among the quotes");
    return out;
  }
  TransactionBuilt read(const fb::TransactionBuilt& e) { return built<TransactionBuilt>(e); }
  TransactionSubmitted read(const fb::TransactionSubmitted& e) {
    return submitted<TransactionSubmitted>(e);
  }
  OutcomeUnknownOf<Text> read(const fb::OutcomeUnknown& e) {
    return {e.attempt(), text(e.seen()), e.interrupted()};
  }
  OrderConfirmed read(const fb::OrderConfirmed& e) {
    auto out = fill<OrderConfirmed>(e);
    out.slippage_realised_bps = e.slippage_realised_bps();
    return out;
  }
  AttemptFailedOf<Text> read(const fb::AttemptFailed& e) {
    return {e.attempt(), error_class(e.error()), text(e.detail()),
            WallTime(Micros(e.retry_at_us()))};
  }
  OrderFailedOf<Text> read(const fb::OrderFailed& e) {
    return {e.attempt(), error_class(e.error()), text(e.detail()), e.attempts_made()};
  }
  OrderCancelledOf<Text> read(const fb::OrderCancelled& e) {
    return change<OrderCancelledOf<Text>>(e);
  }
  OrderExpiredOf<Text> read(const fb::OrderExpired& e) { return {text(e.by()), text(e.why())}; }
  DeadLetterRequeuedOf<Text> read(const fb::DeadLetterRequeued& e) {
    return change<DeadLetterRequeuedOf<Text>>(e);
  }
  DeadLetterDiscardedOf<Text> read(const fb::DeadLetterDiscarded& e) {
    return change<DeadLetterDiscardedOf<Text>>(e);
  }
  OutcomeResolvedOf<Text> read(const fb::OutcomeResolved& e) {
    OutcomeResolvedOf<Text> out;
    out.attempt = e.attempt();
    out.by = text(e.by());
    out.why = text(e.why());
    out.idempotency_key = text(e.idempotency_key());
    if (e.fingerprint() != nullptr) out.fingerprint = bytes<Hash256>(*e.fingerprint());
    out.settled = e.settled();
    if (e.tx_hash() != nullptr)
      out.tx_hash.bytes = bytes<std::array<std::uint8_t, 64>>(*e.tx_hash());
    if (e.amount_out() != nullptr) out.amount_out = decimal(*e.amount_out());
    if (e.fee() != nullptr) out.fee = decimal(*e.fee());
    out.amount_in = optional_decimal(e.amount_in());
    if (const auto leg = e.leg()) out.leg = *leg;
    if (out.settled && (e.tx_hash() == nullptr || e.amount_out() == nullptr || e.fee() == nullptr))
      damaged("a settled outcome lacks its transaction or an amount");
    return out;
  }
  OrderRestedOf<Text> read(const fb::OrderRested& e) { return {text(e.why())}; }
  OrderPartiallyFilled read(const fb::OrderPartiallyFilled& e) {
    return fill<OrderPartiallyFilled>(e);
  }
  CancelRequestedOf<Text> read(const fb::CancelRequested& e) {
    return change<CancelRequestedOf<Text>>(e);
  }
  OrderAmendedOf<Text> read(const fb::OrderAmended& e) {
    OrderAmendedOf<Text> out;
    out.by = text(e.by());
    out.why = text(e.why());
    out.idempotency_key = text(e.idempotency_key());
    if (e.fingerprint() != nullptr) out.fingerprint = bytes<Hash256>(*e.fingerprint());
    out.terms.amount_in = optional_decimal(e.amount_in());
    out.terms.limit_price = optional_decimal(e.limit_price());
    out.terms.min_out_floor = optional_decimal(e.min_out_floor());
    if (auto bps = e.slippage_bps()) out.terms.slippage_bps = *bps;
    if (auto at = e.expires_at_us()) out.terms.expires_at = WallTime(Micros(*at));
    out.terms.expires_never = e.expires_never();
    out.terms.trigger_price = optional_decimal(e.trigger_price());
    return out;
  }
  OrderTriggered read(const fb::OrderTriggered& e) {
    return {name(*e.venue()), decimal(*e.price()), e.height(), optional_decimal(e.liquidity())};
  }
  RiskLimitsChangedOf<Text> read(const fb::RiskLimitsChanged& e) {
    return {text(e.limits()), text(e.by()), text(e.why())};
  }
  TradingHaltedOf<Text> read(const fb::TradingHalted& e) {
    if (e.scope() > fb::HaltScope::MAX) unknown("scope of a halt");
    auto out = keyed(e, TradingHaltedOf<Text>{});
    out.scope = static_cast<HaltScope>(e.scope());
    out.value = text(e.value());
    return out;
  }
  TradingResumedOf<Text> read(const fb::TradingResumed& e) {
    auto out = keyed(e, TradingResumedOf<Text>{});
    out.halt = e.halt();
    return out;
  }

  LegBuilt read(const fb::LegBuilt& e) { return of_leg(e, built<LegBuilt>(e)); }
  LegSubmitted read(const fb::LegSubmitted& e) { return of_leg(e, submitted<LegSubmitted>(e)); }
  LegOutcomeUnknownOf<Text> read(const fb::LegOutcomeUnknown& e) {
    return {e.attempt(), e.leg(), text(e.seen())};
  }
  LegFilled read(const fb::LegFilled& e) { return of_leg(e, fill<LegFilled>(e)); }
  LegEndedOf<Text> read(const fb::LegEnded& e) {
    return {e.attempt(), e.leg(), error_class(e.error()), text(e.detail())};
  }

  std::optional<Error> error;

 private:
  void damaged(std::string what) {
    if (!error) error = Error{Errc::corrupt, std::move(what)};
  }
  void unknown(std::string_view what) {
    if (!error)
      error = Error{Errc::unsupported, "the payload holds an unknown " + std::string(what) +
                                           ": it was written by a newer program"};
  }

  TypeTerms type_terms(const fb::OrderAccepted& e) {
    TypeTerms out;
    if (static_cast<TriggerWhen>(e.trigger_when()) > trigger_when_last) unknown("trigger");
    if (e.trigger_price() != nullptr)
      out.trigger = {decimal(*e.trigger_price()), static_cast<TriggerWhen>(e.trigger_when())};
    out.min_liquidity = optional_decimal(e.min_liquidity());
    if (e.slices() > 0)
      out.slices = {e.slices(), Micros(static_cast<std::int64_t>(e.slice_interval_us())),
                    e.slice_randomize_percent()};
    return out;
  }
  template <class E>
  static E of_leg(const auto& e, E out) {
    out.leg = e.leg();
    return out;
  }
  // TransactionBuilt and LegBuilt.
  template <class E>
  E built(const auto& e) {
    E out;
    out.attempt = e.attempt();
    out.venue = name(*e.venue());
    out.venue_order_id.bytes = bytes<std::array<std::uint8_t, 16>>(*e.venue_order_id());
    out.amount_in = decimal(*e.amount_in());
    out.expected_out = decimal(*e.expected_out());
    out.min_out = decimal(*e.min_out());
    out.price = decimal(*e.price());
    out.valid_until_height = e.valid_until_height();
    out.path = hops(e.path());
    return out;
  }
  // TransactionSubmitted and LegSubmitted.
  template <class E>
  E submitted(const auto& e) {
    E out;
    out.attempt = e.attempt();
    out.venue = name(*e.venue());
    out.tx_hash.bytes = bytes<std::array<std::uint8_t, 64>>(*e.tx_hash());
    return out;
  }
  // OrderConfirmed, OrderPartiallyFilled and LegFilled.
  template <class E>
  E fill(const auto& e) {
    E out;
    out.attempt = e.attempt();
    out.venue = name(*e.venue());
    out.tx_hash.bytes = bytes<std::array<std::uint8_t, 64>>(*e.tx_hash());
    out.amount_in = decimal(*e.amount_in());
    out.amount_out = decimal(*e.amount_out());
    out.executed_price = decimal(*e.executed_price());
    out.fee = decimal(*e.fee());
    return out;
  }
  template <class E>
  static E change(const auto& e) {
    return keyed(e, E{});
  }
  template <class E>
  static E keyed(const auto& e, E out) {
    out.by = text(e.by());
    out.why = text(e.why());
    out.idempotency_key = text(e.idempotency_key());
    if (e.fingerprint() != nullptr) out.fingerprint = bytes<Hash256>(*e.fingerprint());
    return out;
  }
  static Text text(const flatbuffers::String* stored) {
    return stored ? Text(stored->data(), stored->size()) : Text();
  }
  template <class Name = FixedText<15>>
  Name name(const flatbuffers::String& stored) {
    if (stored.size() > Name::size_max) {
      damaged("a name in the payload is longer than " + std::to_string(Name::size_max) + " bytes");
      return {};
    }
    return std::string_view(stored.data(), stored.size());
  }
  HopPath hops(const flatbuffers::Vector<flatbuffers::Offset<fb::Hop>>* stored) {
    HopPath out;
    if (stored == nullptr) return out;
    for (const fb::Hop* hop : *stored)
      out.push_back({name<PoolName>(*hop->pool()), name<Symbol>(*hop->output())});
    return out;
  }
  Decimal decimal(const fb::Decimal& stored) {
    if (stored.scale() > decimal_scale_max)
      damaged("a decimal in the payload has a scale above 18");
    return {stored.units(), stored.scale()};
  }
  std::optional<Decimal> optional_decimal(const fb::Decimal* stored) {
    if (stored == nullptr) return std::nullopt;
    return decimal(*stored);
  }
  template <class Array, class Stored>
  static Array bytes(const Stored& stored) {
    Array out;
    static_assert(sizeof out == sizeof stored);
    std::memcpy(out.data(), stored.bytes()->data(), out.size());
    return out;
  }
  Token token(const fb::Token& stored) {
    if (stored.decimals() > decimal_scale_max) damaged("a token has more than 18 decimals");
    return {name(*stored.symbol()), stored.decimals()};
  }
  VenueQuoteOf<Text> quote(const fb::VenueQuote& stored) {
    VenueQuoteOf<Text> out;
    out.venue = name(*stored.venue());
    out.error = text(stored.error());
    out.amount_out = decimal(*stored.amount_out());
    out.price = decimal(*stored.price());
    out.fee = decimal(*stored.fee());
    out.price_impact_bps = stored.price_impact_bps();
    out.height = stored.height();
    out.lost_because = text(stored.lost_because());
    out.amount_in = optional_decimal(stored.amount_in());
    out.path = hops(stored.path());
    return out;
  }
  ErrorClass error_class(fb::ErrorClass stored) {
    if (stored > fb::ErrorClass::MAX) unknown("error class");
    return static_cast<ErrorClass>(stored);
  }
};

static_assert(static_cast<int>(fb::EventBody::MAX) == static_cast<int>(event_type_count),
              "the schema's union and Event have the same alternatives");
static_assert(static_cast<int>(fb::EventBody::OrderFailed) ==
              static_cast<int>(EventType::order_failed) + 1);

template <class Text>
EventOf<Text> read_body(Decoder<Text>& decoder, const fb::OrderEvent& e) {
  switch (e.body_type()) {
    case fb::EventBody::OrderAccepted:
      return decoder.read(*e.body_as_OrderAccepted());
    case fb::EventBody::RoutingStarted:
      return decoder.read(*e.body_as_RoutingStarted());
    case fb::EventBody::RouteSelected:
      return decoder.read(*e.body_as_RouteSelected());
    case fb::EventBody::TransactionBuilt:
      return decoder.read(*e.body_as_TransactionBuilt());
    case fb::EventBody::TransactionSubmitted:
      return decoder.read(*e.body_as_TransactionSubmitted());
    case fb::EventBody::OutcomeUnknown:
      return decoder.read(*e.body_as_OutcomeUnknown());
    case fb::EventBody::OrderConfirmed:
      return decoder.read(*e.body_as_OrderConfirmed());
    case fb::EventBody::AttemptFailed:
      return decoder.read(*e.body_as_AttemptFailed());
    case fb::EventBody::OrderFailed:
      return decoder.read(*e.body_as_OrderFailed());
    case fb::EventBody::OrderCancelled:
      return decoder.read(*e.body_as_OrderCancelled());
    case fb::EventBody::OrderExpired:
      return decoder.read(*e.body_as_OrderExpired());
    case fb::EventBody::DeadLetterRequeued:
      return decoder.read(*e.body_as_DeadLetterRequeued());
    case fb::EventBody::DeadLetterDiscarded:
      return decoder.read(*e.body_as_DeadLetterDiscarded());
    case fb::EventBody::OutcomeResolved:
      return decoder.read(*e.body_as_OutcomeResolved());
    case fb::EventBody::OrderRested:
      return decoder.read(*e.body_as_OrderRested());
    case fb::EventBody::OrderPartiallyFilled:
      return decoder.read(*e.body_as_OrderPartiallyFilled());
    case fb::EventBody::CancelRequested:
      return decoder.read(*e.body_as_CancelRequested());
    case fb::EventBody::OrderAmended:
      return decoder.read(*e.body_as_OrderAmended());
    case fb::EventBody::TradingHalted:
      return decoder.read(*e.body_as_TradingHalted());
    case fb::EventBody::TradingResumed:
      return decoder.read(*e.body_as_TradingResumed());
    case fb::EventBody::OrderTriggered:
      return decoder.read(*e.body_as_OrderTriggered());
    case fb::EventBody::RiskLimitsChanged:
      return decoder.read(*e.body_as_RiskLimitsChanged());
    case fb::EventBody::LegBuilt:
      return decoder.read(*e.body_as_LegBuilt());
    case fb::EventBody::LegSubmitted:
      return decoder.read(*e.body_as_LegSubmitted());
    case fb::EventBody::LegOutcomeUnknown:
      return decoder.read(*e.body_as_LegOutcomeUnknown());
    case fb::EventBody::LegFilled:
      return decoder.read(*e.body_as_LegFilled());
    case fb::EventBody::LegEnded:
      return decoder.read(*e.body_as_LegEnded());
    case fb::EventBody::NONE:
      break;
  }
  check(false, "read_body: the event type was checked before");
  return RoutingStarted{};
}

template <class Text>
Result<EventOf<Text>> read_payload(EventType type, std::string_view payload) {
  // Stored bytes lie anywhere; the verifier and the accessors want the alignment they were built
  // with.
  thread_local std::vector<std::uint64_t> aligned;
  const char* data = payload.data();
  if (reinterpret_cast<std::uintptr_t>(data) % alignof(std::uint64_t) != 0) {
    aligned.resize(payload.size() / sizeof(std::uint64_t) + 1);
    std::memcpy(aligned.data(), data, payload.size());
    data = reinterpret_cast<const char*>(aligned.data());
  }
  // The root offset and the identifier are the first 8 bytes.
  if (payload.size() < 8 || !fb::OrderEventBufferHasIdentifier(data))
    return Error{Errc::corrupt, "the payload has no OEEV identifier"};
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(data), payload.size());
  if (!fb::VerifyOrderEventBuffer(verifier))
    return Error{Errc::corrupt, "the payload is not a valid FlatBuffer"};
  const fb::OrderEvent& event = *fb::GetOrderEvent(data);
  if (event.body_type() > fb::EventBody::MAX)
    return Error{Errc::unsupported, "the payload holds an unknown event: a newer program wrote it"};
  if (static_cast<int>(event.body_type()) != static_cast<int>(type) + 1)
    return Error{Errc::corrupt, "the payload is not of the event type that its header states"};
  Decoder<Text> decoder;
  EventOf<Text> out = read_body(decoder, event);
  if (decoder.error) return *std::move(decoder.error);
  return out;
}

}  // namespace

Result<Event> decode_payload(EventType type, std::string_view payload) {
  return read_payload<std::string>(type, payload);
}
Result<BorrowedEvent> borrow_payload(EventType type, std::string_view payload) {
  return read_payload<std::string_view>(type, payload);
}

}  // namespace oee
