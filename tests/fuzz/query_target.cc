// The query of a request target, read with the parameters of the lists, the events and the quote,
// and its page cursors. Accepted values are within their bounds, refusals name the parameter, and
// an accepted cursor is exactly one that the server makes.
#include <limits>

#include "api/http/query.h"
#include "api/orders/order_body.h"
#include "core/base/bytes.h"
#include "core/order/lifecycle.h"
#include "projections/page_cursor.h"
#include "tests/fuzz/problem_properties.h"

namespace oee::fuzz {
namespace {

constexpr std::uint64_t seq_max = std::numeric_limits<std::int64_t>::max();

void check_cursor(std::string_view text) {
  int takers = 0;
  for (const ListKind kind : {ListKind::orders, ListKind::dead_letters}) {
    const Result<Seq> seq = parse_page_cursor(kind, text);
    if (!seq) {
      check(!seq.error().detail.empty(), "a refused cursor without a detail");
      continue;
    }
    check(*seq <= seq_max, "a cursor beyond every seq");
    if (text.empty()) continue;
    ++takers;
    check(page_cursor(kind, *seq) == text, "a cursor that was never given out");
  }
  check(takers <= 1, "one cursor for two lists");
}

// Every parameter of one endpoint, as api/rest reads it.
std::optional<Problem> read_lists(std::string_view text) {
  QueryReader query(text);
  (void)query.one_of("status", parse_order_status, "a status");
  const auto input = query.text("inputToken", Symbol::size_max);
  check(!input || (!input->empty() && input->size() <= Symbol::size_max), "a text out of bounds");
  if (const auto since = query.time("since")) {
    const Result<WallTime> again = parse_rfc3339(format_rfc3339(*since));
    check(again.ok() && *again == *since, "a time that cannot be written and read");
  }
  const auto limit = query.number("limit", 1, 500, 100);
  check(limit >= 1 && limit <= 500, "a limit out of bounds");
  check_cursor(query.text("cursor", 128).value_or(""));
  check(query.number("afterSeq", 0, seq_max, 0) <= seq_max, "a seq out of bounds");
  return query.problem();
}

std::optional<Problem> read_events(std::string_view text) {
  QueryReader query(text);
  (void)query.number("after", 0, seq_max, 0);
  (void)query.number("limit", 1, 1'000, 100);
  (void)query.one_of("type", parse_event_type, "the event types");
  return query.problem();
}

std::optional<Problem> read_quote(std::string_view text) {
  QueryReader query(text);
  const std::string input = query.required_text("inputToken", 64);
  const std::string output = query.required_text("outputToken", 64);
  const std::string amount = query.required_text("amount", 64);
  (void)query.number("slippageBps", 0, 10'000, 100);
  SwapText swap_text;
  if (!input.empty()) swap_text.input = input;
  if (!output.empty()) swap_text.output = output;
  if (!amount.empty()) swap_text.amount = amount;
  std::vector<ProblemItem> items;
  const SwapRequest swap = check_swap(swap_text, TokenRegistry::defaults(),
                                      {"inputToken", "outputToken", "amount"}, items);
  for (ProblemItem& item : items) query.wrong(item.where, item.code, std::move(item.detail));
  auto problem = query.problem();
  check(problem || (swap.amount_in.units > 0 && swap.input.symbol != swap.output.symbol),
        "a quote for nothing");
  return problem;
}

void run(std::string_view text) {
  for (const auto read : {read_lists, read_events, read_quote}) {
    const auto first = read(text);
    const auto second = read(std::string(text));
    check(first.has_value() == second.has_value(), "the same query is not always taken");
    if (!first) continue;
    check_problem(*first, true);
    check(first->items_are_parameters, "a query has no pointers");
    check(same_problem(*first, *second), "not always the same refusal");
  }
  check_cursor(text);
  if (text.size() < sizeof(Seq)) return;
  const Seq seq = load_be<std::uint64_t>(text) & seq_max;
  const Result<Seq> back = parse_page_cursor(ListKind::orders, page_cursor(ListKind::orders, seq));
  check(back.ok() && *back == seq, "a cursor that leads elsewhere");
}

}  // namespace
}  // namespace oee::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  oee::fuzz::run(oee::fuzz::text_of(data, size));
  return 0;
}
