// The body of POST /v1/orders. An accepted order keeps the rules of an order, has the exact amount
// of the text, and is read back equal from its canonical text. A refusal names its reason.
#include "api/orders/order_body.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "core/base/json_writer.h"
#include "core/order/decide.h"
#include "tests/fuzz/problem_properties.h"

namespace oee::fuzz {
namespace {

namespace json = boost::json;
using Parsed = std::variant<PlaceOrder, Problem>;

const WallTime now = *parse_rfc3339("2026-03-01T12:00:00Z");

Parsed parse(std::string_view body, bool keyed) {
  return parse_order_body(body, TokenRegistry::defaults(), now, keyed);
}

// A decimal number's digits and power of ten, without zeros at either end: 1.50, 15e-1 and 1.5 are
// one number. It shares no code with core/base/decimal, with which it is compared.
struct PlainNumber {
  std::string digits;
  long power = 0;
  bool operator==(const PlainNumber&) const = default;
};
PlainNumber plain(std::string_view text) {
  PlainNumber number;
  const std::size_t e = std::min(text.find_first_of("eE"), text.size());
  if (e < text.size()) {
    const std::string exponent(text.substr(e + 1));
    number.power = std::strtol(exponent.c_str(), nullptr, 10);
  }
  bool fraction = false;
  for (const char c : text.substr(0, e)) {
    if (c == '.') {
      fraction = true;
      continue;
    }
    number.digits += c;
    if (fraction) --number.power;
  }
  while (!number.digits.empty() && number.digits.back() == '0') {
    number.digits.pop_back();
    ++number.power;
  }
  number.digits.erase(0, std::min(number.digits.find_first_not_of('0'), number.digits.size()));
  return number;
}

// Compares the order with another parser's reading of the same body, which keeps no digits of a
// number beyond a double's 53 bits.
void check_amount(std::string_view body, const PlaceOrder& order) {
  json::parse_options options;
  options.max_depth = 8;
  json::error_code error;
  const json::value value =
      json::parse(json::string_view(body.data(), body.size()), error, {}, options);
  check(!error && value.is_object(), "accepted a body that is no JSON object");
  const json::value& amount = value.at(order.exact_out ? "maxInput" : "amount");
  const std::string taken = to_text(order.amount_in);
  if (amount.is_string()) {
    check(plain(view_of(amount.get_string())) == plain(taken), "another amount than was written");
  } else {
    const auto written = amount.to_number<double>(error);
    const double exact = std::strtod(taken.c_str(), nullptr);
    check(!error && std::abs(written - exact) <= exact * 1e-14, "another number than was written");
  }
}

std::string canonical_text(const PlaceOrder& order) {
  std::string out;
  JsonWriter text(out);
  text.object([&] {
    text.key("inputToken").text(order.input.symbol.view());
    text.key("outputToken").text(order.output.symbol.view());
    if (order.exact_out)
      text.key("outputAmount").decimal_text(Decimal{*order.exact_out, order.output.decimals});
    text.key(order.exact_out ? "maxInput" : "amount").decimal_text(order.amount_in);
    text.key("slippageBps").number(order.slippage_bps);
    text.key("type").text(to_string(order.type));
    if (!order.client_order_id.empty()) text.key("clientOrderId").text(order.client_order_id);
    if (order.expires_at) text.key("expiresAt").text(format_rfc3339(*order.expires_at));
    if (order.limit_price) text.key("limitPrice").decimal_text(*order.limit_price);
    if (order.time_in_force != TimeInForce::by_type)
      text.key("timeInForce").text(to_string(order.time_in_force));
    if (order.allow_partial) text.key("allowPartial").boolean(true);
    if (const auto& slices = order.type_terms.slices) {
      text.key("slices").number(slices->count);
      text.key("interval").text(format_duration(slices->interval));
      text.key("randomize").number(slices->randomize_percent);
    }
    if (order.min_out_floor)
      text.key("minOut").decimal_text(Decimal{*order.min_out_floor, order.output.decimals});
    if (!order.quote.id.empty()) text.key("quoteId").text(order.quote.id);
    text.key("tags").array([&] {
      for (const std::string& tag : order.tags) text.text(tag);
    });
  });
  return out;
}

void check_terms(const PlaceOrder& order) {
  const bool limit = order.type == OrderType::limit;
  const bool twap = order.type == OrderType::twap;
  const TimeInForce force = order.time_in_force;
  check(twap || limit == order.limit_price.has_value(),
        "a price without a limit order, or the reverse");
  check(twap == order.type_terms.slices.has_value(), "slices without a twap order, or the reverse");
  check(!order.limit_price ||
            (order.limit_price->units > 0 &&
             (order.exact_out ||
              output_at(*order.limit_price, order.amount_in, order.output.decimals).ok())),
        "a limit that cannot be computed with");
  check(limit || twap ? force != TimeInForce::by_type : force != TimeInForce::gtc,
        "the time in force");
  check(force != TimeInForce::gtt || order.expires_at, "good till no time");
  check(force != TimeInForce::gtc || !order.expires_at, "good till cancelled, with a time");
  check(force != TimeInForce::ioc || order.allow_partial || order.exact_out,
        "immediate, and not in parts");
  check(!order.exact_out ||
            (*order.exact_out > 0 && !order.allow_partial && !twap && !order.min_out_floor),
        "an exact output of nothing, in parts or with a floor");
  check(force != TimeInForce::fok || !order.allow_partial, "all or nothing, in parts");
}

void check_order(const PlaceOrder& order, bool keyed) {
  const TokenRegistry& tokens = TokenRegistry::defaults();
  const TokenInfo* input = tokens.find(order.input.symbol.view());
  const TokenInfo* output = tokens.find(order.output.symbol.view());
  check(input != nullptr && output != nullptr && input != output, "tokens that are not traded");
  check(order.input == input->token && order.output == output->token, "a token of its own making");
  check(order.amount_in.units > 0 && order.amount_in.scale == input->token.decimals, "the amount");
  check(order.slippage_bps <= 10'000, "slippage over 100 %");
  check(order.client_order_id.size() <= client_order_id_max, "a long client order id");
  check(std::all_of(order.client_order_id.begin(), order.client_order_id.end(),
                    [](char c) { return c > ' ' && c <= '~'; }),
        "a client order id that cannot be printed");
  check(order.account == "default" && order.idempotency_key.empty(),
        "the body decides what it must not");
  check(!order.min_out_floor || *order.min_out_floor > 0, "a floor of nothing");
  check(order.tags.size() <= tags_max, "too many tags");
  for (const std::string& tag : order.tags)
    check(!tag.empty() && tag.size() <= tag_bytes_max && is_client_order_id_text(tag), "a tag");
  check(order.quote.amount_out == 0 && order.quote.valid_until == WallTime{},
        "the body decides what a quote promised");
  check_terms(order);
  check(!order.expires_at || *order.expires_at > now || keyed || !order.client_order_id.empty(),
        "expired, and nothing to repeat");
}

void check_round_trip(const PlaceOrder& order, bool keyed) {
  const Parsed again = parse(canonical_text(order), keyed);
  const auto* same = std::get_if<PlaceOrder>(&again);
  check(same != nullptr, "the canonical text is refused");
  check(fingerprint_of(*same) == fingerprint_of(order), "the fingerprint is not stable");
  check(same->client_order_id == order.client_order_id && same->amount_in == order.amount_in &&
            same->expires_at == order.expires_at,
        "the canonical text is another order");
}

void run(std::string_view body) {
  for (const bool keyed : {false, true}) {
    const Parsed first = parse(body, keyed);
    const Parsed second = parse(std::string(body), keyed);
    check(first.index() == second.index(), "the same body is not always taken");
    if (const auto* problem = std::get_if<Problem>(&first)) {
      check_problem(*problem, problem->kind == &problems::invalid_order);
      check(same_problem(*problem, std::get<Problem>(second)), "not always the same refusal");
      continue;
    }
    const auto& order = std::get<PlaceOrder>(first);
    check(fingerprint_of(order) == fingerprint_of(std::get<PlaceOrder>(second)),
          "not always the same order");
    check_order(order, keyed);
    check_amount(body, order);
    check_round_trip(order, keyed);
  }
}

}  // namespace
}  // namespace oee::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  oee::fuzz::run(oee::fuzz::text_of(data, size));
  return 0;
}
