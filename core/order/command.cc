#include "core/order/command.h"

namespace oee {
namespace {

class CanonicalText {
 public:
  explicit CanonicalText(std::string_view title) {
    text_.reserve(256);
    text_ += title;
    text_ += '\n';
  }
  void line(std::string_view name, std::string_view value) {
    text_ += name;
    text_ += '=';
    text_ += value;
    text_ += '\n';
  }
  Hash256 hash() const { return sha256({text_}); }

 private:
  std::string text_;
};

}  // namespace

bool is_account_name(std::string_view text) {
  constexpr std::string_view allowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return !text.empty() && text.size() <= account_bytes_max &&
         text.find_first_not_of(allowed) == text.npos;
}

Hash256 fingerprint_of(const PlaceOrder& command) {
  CanonicalText text("oee/place-order/1");
  text.line("account", command.account);
  text.line("input", command.input.symbol);
  text.line("output", command.output.symbol);
  text.line("amount", to_text(command.amount_in));
  text.line("slippageBps", std::to_string(command.slippage_bps));
  text.line("type", to_string(command.type));
  text.line("expiresAt", command.expires_at ? format_rfc3339(*command.expires_at) : "");
  text.line("minOut", command.min_out_floor ? std::to_string(*command.min_out_floor) : "");
  if (command.time_in_force != TimeInForce::by_type)
    text.line("timeInForce", to_string(command.time_in_force));
  if (command.limit_price) text.line("limitPrice", to_text(*command.limit_price));
  if (command.allow_partial) text.line("allowPartial", "true");
  const TypeTerms& terms = command.type_terms;
  if (terms.trigger) {
    text.line("triggerPrice", to_text(terms.trigger->price));
    text.line("triggerWhen", to_string(terms.trigger->when));
  }
  if (terms.min_liquidity) text.line("minLiquidity", to_text(*terms.min_liquidity));
  if (terms.slices) {
    text.line("slices", std::to_string(terms.slices->count));
    text.line("intervalUs", std::to_string(terms.slices->interval.count()));
    text.line("randomize", std::to_string(terms.slices->randomize_percent));
  }
  for (const std::string& tag : command.tags) text.line("tag", tag);
  if (!command.quote.id.empty()) text.line("quoteId", command.quote.id);
  if (command.exact_out)
    text.line("outputAmount", to_text(Decimal{*command.exact_out, command.output.decimals}));
  return text.hash();
}

namespace {

CanonicalText change_text(EventType event, std::string_view account, const OrderId& order) {
  CanonicalText text("oee/change-order/1");
  text.line("event", to_string(event));
  text.line("account", account);
  text.line("order", to_text(order));
  return text;
}

}  // namespace

Hash256 fingerprint_of_change(EventType event, std::string_view account, const OrderId& order) {
  return change_text(event, account, order).hash();
}

Hash256 fingerprint_of(const OrderId& order, const ResolveOutcome& command) {
  CanonicalText text = change_text(EventType::outcome_resolved, command.by, order);
  text.line("attempt", std::to_string(command.attempt));
  text.line("outcome", command.settled ? "settled" : "notSettled");
  text.line("txHash", command.settled ? to_text(command.tx_hash) : "");
  text.line("amountOut", command.settled ? to_text(command.amount_out) : "");
  text.line("fee", command.settled ? to_text(command.fee) : "");
  if (command.settled && command.amount_in) text.line("amountIn", to_text(*command.amount_in));
  if (command.leg) text.line("leg", std::to_string(*command.leg));
  return text.hash();
}

Hash256 fingerprint_of(const OrderId& order, const AmendOrder& command) {
  CanonicalText text("oee/change-order/1");
  text.line("event", to_string(EventType::order_amended));
  text.line("account", command.by);
  text.line("order", to_text(order));
  text.line("version", std::to_string(command.version));
  const Amendment& terms = command.terms;
  if (terms.amount_in) text.line("amount", to_text(*terms.amount_in));
  if (terms.limit_price) text.line("limitPrice", to_text(*terms.limit_price));
  if (terms.slippage_bps) text.line("slippageBps", std::to_string(*terms.slippage_bps));
  if (terms.min_out_floor) text.line("minOut", to_text(*terms.min_out_floor));
  if (terms.expires_at) text.line("expiresAt", format_rfc3339(*terms.expires_at));
  if (terms.trigger_price) text.line("triggerPrice", to_text(*terms.trigger_price));
  if (terms.expires_never) text.line("expiresAt", "never");
  return text.hash();
}

Hash256 fingerprint_of(const HaltTrading& command) {
  CanonicalText text("oee/trading/1");
  text.line("event", to_string(EventType::trading_halted));
  text.line("account", command.by);
  text.line("scope", to_string(command.scope));
  text.line("value", command.value);
  text.line("reason", command.why);
  return text.hash();
}

Hash256 fingerprint_of(const ResumeTrading& command) {
  CanonicalText text("oee/trading/1");
  text.line("event", to_string(EventType::trading_resumed));
  text.line("account", command.by);
  text.line("halt", std::to_string(command.halt));
  return text.hash();
}

}  // namespace oee
