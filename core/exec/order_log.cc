#include "core/exec/order_log.h"

#include "core/base/log.h"
#include "core/order/lifecycle.h"
#include "core/venue/router.h"

namespace oee {
namespace {

using log::field;
using log::Level;

struct LineOf {
  Level level;
  std::string_view message;
};

// In the order of EventType.
constexpr std::array<LineOf, event_type_count> lines = {{
    {Level::debug, "order accepted"},
    {Level::debug, "routing started"},
    {Level::info, "route selected"},
    {Level::debug, "transaction built"},
    {Level::debug, "transaction submitted"},
    {Level::warn, "outcome unknown"},
    {Level::debug, "order confirmed"},
    {Level::warn, "attempt failed"},
    {Level::warn, "order failed"},
    {Level::info, "order cancelled"},
    {Level::info, "order expired"},
    {Level::info, "dead letter requeued"},
    {Level::info, "dead letter discarded"},
    {Level::warn, "outcome resolved by an operator"},
    {Level::debug, "order rests"},
    {Level::debug, "order partially filled"},
    {Level::info, "cancel requested"},
    {Level::info, "order amended"},
    {Level::warn, "trading halted"},
    {Level::warn, "trading resumed"},
    {Level::info, "order triggered"},
    {Level::warn, "risk limits changed"},
    {Level::debug, "leg built"},
    {Level::debug, "leg submitted"},
    {Level::warn, "leg outcome unknown"},
    {Level::debug, "leg filled"},
    {Level::warn, "leg ended"},
}};
static_assert(!lines.back().message.empty(), "each event has a line");

std::string pair_of(const Token& input, const Token& output) {
  return std::string(input.symbol.view()) + "->" + std::string(output.symbol.view());
}

// "raydium 227.352957, meteora none, raydium 227.4 by raydium-3>USDT>raydium-5".
std::string quotes_of(const RouteSelected& e) {
  std::string text;
  for (const VenueQuote& quote : e.quotes) {
    if (!text.empty()) text += ", ";
    text += quote.venue.view();
    text += ' ';
    text += (quote.error.empty() ? to_text(quote.amount_out) : "none") + by_path(quote);
  }
  return text;
}

std::string losers_of(const RouteSelected& e) {
  std::string text;
  for (const VenueQuote& quote : e.quotes) {
    if (quote.lost_because.empty()) continue;
    if (!text.empty()) text += "; ";
    text += quote.venue.view();
    text += by_path(quote) + ": " + quote.lost_because;
  }
  return text;
}

struct WriteLine {
  const Record& record;

  template <class... T>
  void line(const log::Field<T>&... fields) const {
    const LineOf& of = lines[record.event.index()];
    log::write(of.level, of.message, field("order", record.order_id), field("seq", record.seq),
               field("trace", record.correlation), fields...);
  }

  void operator()(const OrderAccepted& e) const {
    line(field("pair", pair_of(e.input, e.output)), field("amountIn", e.amount_in),
         field("slippageBps", e.slippage_bps));
  }
  void operator()(const RoutingStarted& e) const { line(field("attempt", e.attempt)); }
  void operator()(const RouteSelected& e) const {
    const VenueQuote& chosen = e.quotes[e.chosen];
    line(field("attempt", e.attempt), field("venue", chosen.venue.view()),
         field("amountOut", chosen.amount_out), field("price", chosen.price),
         field("quotes", quotes_of(e)), field("lost", losers_of(e)));
  }
  void operator()(const TransactionBuilt& e) const {
    line(field("attempt", e.attempt), field("venue", e.venue.view()), field("minOut", e.min_out),
         field("venueOrder", e.venue_order_id));
  }
  void operator()(const TransactionSubmitted& e) const {
    line(field("attempt", e.attempt), field("venue", e.venue.view()), field("tx", e.tx_hash));
  }
  void operator()(const OutcomeUnknown& e) const {
    line(field("attempt", e.attempt), field("seen", e.seen));
  }
  void operator()(const OrderConfirmed& e) const {
    line(field("attempt", e.attempt), field("venue", e.venue.view()),
         field("amountOut", e.amount_out), field("price", e.executed_price),
         field("tx", e.tx_hash));
  }
  void operator()(const AttemptFailed& e) const {
    line(field("attempt", e.attempt), field("class", to_string(e.error)), field("error", e.detail),
         field("retryAt", format_rfc3339(e.retry_at)));
  }
  void operator()(const OrderFailed& e) const {
    line(field("attempt", e.attempt), field("class", to_string(e.error)), field("error", e.detail),
         field("attempts", e.attempts_made));
  }
  void operator()(const OutcomeResolved& e) const {
    const std::string_view outcome = e.settled ? "settled" : "notSettled";
    line(field("attempt", e.attempt), field("outcome", outcome), field("by", e.by),
         field("why", e.why));
  }
  void operator()(const OrderRested& e) const { line(field("why", e.why)); }
  void operator()(const OrderPartiallyFilled& e) const {
    line(field("attempt", e.attempt), field("venue", e.venue.view()),
         field("amountIn", e.amount_in), field("amountOut", e.amount_out),
         field("price", e.executed_price), field("tx", e.tx_hash));
  }
  void operator()(const TradingHalted& e) const {
    line(field("scope", to_string(e.scope)), field("of", e.value), field("by", e.by),
         field("why", e.why));
  }
  void operator()(const TradingResumed& e) const {
    line(field("halt", e.halt), field("by", e.by), field("why", e.why));
  }
  void operator()(const OrderTriggered& e) const {
    line(field("venue", e.venue.view()), field("price", e.price), field("height", e.height));
  }
  void operator()(const LegBuilt& e) const {
    line(field("attempt", e.attempt), field("leg", e.leg), field("venue", e.venue.view()),
         field("amountIn", e.amount_in), field("minOut", e.min_out),
         field("venueOrder", e.venue_order_id));
  }
  void operator()(const LegSubmitted& e) const {
    line(field("attempt", e.attempt), field("leg", e.leg), field("venue", e.venue.view()),
         field("tx", e.tx_hash));
  }
  void operator()(const LegOutcomeUnknown& e) const {
    line(field("attempt", e.attempt), field("leg", e.leg), field("seen", e.seen));
  }
  void operator()(const LegFilled& e) const {
    line(field("attempt", e.attempt), field("leg", e.leg), field("venue", e.venue.view()),
         field("amountIn", e.amount_in), field("amountOut", e.amount_out),
         field("price", e.executed_price), field("tx", e.tx_hash));
  }
  void operator()(const LegEnded& e) const {
    line(field("attempt", e.attempt), field("leg", e.leg), field("class", to_string(e.error)),
         field("error", e.detail));
  }
  // OrderCancelled, OrderExpired, CancelRequested, OrderAmended, DeadLetterRequeued,
  // DeadLetterDiscarded, RiskLimitsChanged.
  void operator()(const auto& e) const { line(field("by", e.by), field("why", e.why)); }
};

}  // namespace

void log_order_event(const Record& record) {
  if (!log::enabled(lines[record.event.index()].level)) return;
  std::visit(WriteLine{record}, record.event);
}

}  // namespace oee
