#include "api/orders/quote_ids.h"

#include "api/http/json_body.h"
#include "core/base/bytes.h"

namespace oee {
namespace {

// The bytes of an id:
//   u64    amount in
//   u64    amount out
//   u64    the end in microseconds since 1970
//   u8     length of the input symbol; 128 more: of an exact output
//   [8]    of an exact output: u64 the output that was asked for
//   text   input symbol, then output symbol
//   [16]   code
// Integers are big-endian.
constexpr std::size_t symbols_at = 25;
constexpr std::uint8_t of_exact_output = 128;
constexpr std::size_t code_bytes = 16;

Problem refused(std::string_view code, std::string detail) {
  std::vector<ProblemItem> items;
  items.push_back({"/quoteId", code, std::move(detail)});
  return order_problem(std::move(items));
}

}  // namespace

std::string QuoteIds::code_of(std::string_view quote) const {
  return std::string(as_bytes(hmac_sha256(key_, quote)).substr(0, code_bytes));
}

std::string QuoteIds::make(const PromisedQuote& quote) const {
  std::string bytes;
  append_be<std::uint64_t>(bytes, quote.amount_in);
  append_be<std::uint64_t>(bytes, quote.amount_out);
  const Micros end = quote.valid_until.time_since_epoch();
  append_be<std::uint64_t>(bytes, static_cast<std::uint64_t>(end.count()));
  const auto size = static_cast<std::uint8_t>(quote.input.view().size());
  bytes += static_cast<char>(size | (quote.exact_out ? of_exact_output : 0));
  if (quote.exact_out) append_be<std::uint64_t>(bytes, *quote.exact_out);
  bytes += quote.input.view();
  bytes += quote.output.view();
  return to_hex(bytes + code_of(bytes));
}

std::optional<PromisedQuote> QuoteIds::read(std::string_view id) const {
  const auto bytes = from_hex(id);
  if (!bytes || bytes->size() < symbols_at + code_bytes || to_hex(*bytes) != id)
    return std::nullopt;
  const std::string_view quote = std::string_view(*bytes).substr(0, bytes->size() - code_bytes);
  if (!equal_in_constant_time(code_of(quote), std::string_view(*bytes).substr(quote.size())))
    return std::nullopt;
  PromisedQuote promised;
  promised.amount_in = load_be<std::uint64_t>(quote);
  promised.amount_out = load_be<std::uint64_t>(quote.substr(8));
  const auto end = static_cast<std::int64_t>(load_be<std::uint64_t>(quote.substr(16)));
  promised.valid_until = WallTime(Micros(end));
  const auto kind = static_cast<std::uint8_t>(quote[symbols_at - 1]);
  std::string_view symbols = quote.substr(symbols_at);
  if ((kind & of_exact_output) != 0) {
    promised.exact_out = load_be<std::uint64_t>(symbols);
    symbols.remove_prefix(sizeof(std::uint64_t));
  }
  const std::size_t input_size = kind % of_exact_output;
  promised.input = Symbol(symbols.substr(0, input_size));
  promised.output = Symbol(symbols.substr(input_size));
  return promised;
}

Problem QuoteIds::bind(PlaceOrder& order) const {
  const auto quote = read(order.quote.id);
  if (!quote) return refused("invalid_quote_id", "is not a quoteId of this engine since its start");
  const bool same_amount = quote->exact_out
                               ? quote->exact_out == order.exact_out
                               : !order.exact_out && quote->amount_in == order.amount_in.units;
  if (quote->input != order.input.symbol || quote->output != order.output.symbol || !same_amount)
    return refused("quote_mismatch", "is a quote of another pair or amount");
  order.quote.amount_out = quote->amount_out;
  order.quote.amount_in = quote->amount_in;
  order.quote.valid_until = quote->valid_until;
  return refused("quote_expired", "was valid until " + format_rfc3339(quote->valid_until));
}

}  // namespace oee
