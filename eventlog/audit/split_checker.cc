#include "eventlog/audit/split_checker.h"

namespace oee {
namespace {

Finding wrong_sum(const std::string& what, Decimal stated, U128 sum) {
  const bool fits = sum <= ~Units{0};
  return {Invariant::order_amounts,
          what + to_text(stated) + " is not the sum of its legs, " +
              (fits ? out_text(static_cast<Units>(sum), stated.scale) : "above 64 bits")};
}

}  // namespace

SplitChecker::SplitChecker(const RecordView& route) {
  for (const RecordView::LegQuote& quote : route.leg_quotes) {
    Leg& leg = legs_.emplace_back();
    leg.venue = quote.venue;
    leg.path = quote.path;
    leg.amount_in = quote.amount_in.value_or(Decimal{}).units;
    leg.quote = quote.amount_out.units;
  }
}

std::optional<Finding> SplitChecker::check_route(const RecordView& route,
                                                 const Tokens& tokens) const {
  U128 in = 0;
  U128 out = 0;
  for (const RecordView::LegQuote& quote : route.leg_quotes) {
    if (!quote.amount_in || quote.amount_in->units == 0)
      return Finding{Invariant::order_amounts, "a leg of its split states no amount"};
    if (auto wrong = wrong_scale(*quote.amount_in, tokens.input_decimals, "the amount of a leg"))
      return wrong;
    if (auto wrong = wrong_scale(quote.amount_out, tokens.output_decimals, "the quote of a leg"))
      return wrong;
    in += quote.amount_in->units;
    out += quote.amount_out.units;
  }
  if (in != route.chosen_in->units) return wrong_sum("its amount ", *route.chosen_in, in);
  if (out != route.expected_out.units) return wrong_sum("its output ", route.expected_out, out);
  return std::nullopt;
}

void SplitChecker::take_sums(const RecordView& built) {
  valid_until_height_ = built.valid_until_height;
  min_out_ = built.min_out.units;
}

std::optional<Finding> SplitChecker::build(const RecordView& record, const Tokens& tokens,
                                           OutLimit limit) {
  Leg& leg = legs_[*record.leg];
  leg.min_out = record.min_out.units;
  ++built_;
  if (auto wrong = wrong_venue(record, leg.venue)) return wrong;
  if (auto wrong = wrong_path(record.path, leg.path, tokens.input, tokens.output, 1)) return wrong;
  if (auto wrong = wrong_amount(record, {leg.amount_in, tokens.input_decimals})) return wrong;
  if (auto wrong = wrong_scale(record.min_out, tokens.output_decimals, "min_out")) return wrong;
  if (auto wrong = wrong_expected_out(record, {leg.quote, tokens.output_decimals})) return wrong;
  if (*record.leg == 0 && record.valid_until_height != valid_until_height_)
    return Finding{Invariant::order_amounts, "its height is not that of its attempt"};
  if (auto wrong = wrong_min_out(record.min_out, limit)) return wrong;
  return built_ == legs_.size() ? check_sums(tokens) : std::nullopt;
}

// The amount and the expected output are compared with the route.
std::optional<Finding> SplitChecker::check_sums(const Tokens& tokens) const {
  U128 sum = 0;
  for (const Leg& leg : legs_) sum += leg.min_out;
  if (sum == min_out_) return std::nullopt;
  return wrong_sum("the attempt's min_out ", {min_out_, tokens.output_decimals}, sum);
}

std::optional<Finding> SplitChecker::submit(const RecordView& record) {
  Leg& leg = legs_[*record.leg];
  if (auto wrong = wrong_venue(record, leg.venue)) return wrong;
  return submit_as(record, leg.tx_hash);
}

std::optional<Finding> SplitChecker::fill(const RecordView& record, const Tokens& tokens) {
  Leg& leg = legs_[*record.leg];
  if (auto wrong = wrong_venue(record, leg.venue)) return wrong;
  if (auto wrong = wrong_tx_hash(record, leg.tx_hash)) return wrong;
  if (auto wrong = wrong_amount(record, {leg.amount_in, tokens.input_decimals})) return wrong;
  if (auto wrong = wrong_scale(record.amount_out, tokens.output_decimals, "the fill")) return wrong;
  if (auto wrong = wrong_scale(record.fee, tokens.input_decimals, "the fee")) return wrong;
  if (record.amount_out.units < leg.min_out)
    return Finding{Invariant::order_price_limit, "its fill of " + to_text(record.amount_out) +
                                                     " is below the min_out " +
                                                     out_text(leg.min_out, tokens.output_decimals)};
  leg.filled = true;
  leg.tx_hash = record.tx_hash;
  leg.amount_out = record.amount_out.units;
  leg.fee = record.fee.units;
  return wrong_price(record);
}

std::optional<Finding> SplitChecker::check_fill(const RecordView& record,
                                                const Tokens& tokens) const {
  const Leg* first = nullptr;
  U128 in = 0;
  U128 out = 0;
  U128 fee = 0;
  for (const Leg& leg : legs_) {
    if (!leg.filled) continue;
    if (first == nullptr) first = &leg;
    in += leg.amount_in;
    out += leg.amount_out;
    fee += leg.fee;
  }
  if (first == nullptr) return Finding{Invariant::order_amounts, "none of its legs is filled"};
  if (auto wrong = wrong_venue(record, first->venue)) return wrong;
  if (auto wrong = wrong_tx_hash(record, first->tx_hash)) return wrong;
  if (auto wrong = wrong_scale(record.amount_in, tokens.input_decimals, "the amount")) return wrong;
  if (auto wrong = wrong_scale(record.amount_out, tokens.output_decimals, "the fill")) return wrong;
  if (auto wrong = wrong_scale(record.fee, tokens.input_decimals, "the fee")) return wrong;
  if (record.amount_in.units != in) return wrong_sum("its amount ", record.amount_in, in);
  if (record.amount_out.units != out) return wrong_sum("its output ", record.amount_out, out);
  if (record.fee.units != fee) return wrong_sum("its fee ", record.fee, fee);
  return wrong_price(record);
}

std::optional<Finding> SplitChecker::check_failure() const {
  for (const Leg& leg : legs_)
    if (leg.filled) return Finding{Invariant::order_amounts, "a leg of it is filled"};
  return std::nullopt;
}

}  // namespace oee
