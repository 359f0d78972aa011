// The findings that the rules of an attempt and those of its legs share, for TradeChecker and
// SplitChecker. Pure; any thread.
#pragma once

#include <optional>
#include <string>

#include "eventlog/audit/finding.h"
#include "eventlog/audit/record_view.h"

namespace oee {

inline std::string out_text(Units units, std::uint8_t decimals) {
  return to_text(Decimal{units, decimals});
}

inline std::optional<Finding> wrong_venue(const RecordView& record, const VenueName& venue) {
  if (record.venue == venue.view()) return std::nullopt;
  return Finding{Invariant::order_route, "its venue is " + std::string(record.venue) + ", not " +
                                             std::string(venue.view())};
}

// The amount sold, of a transaction or a fill.
inline std::optional<Finding> wrong_amount(const RecordView& record, Decimal amount_in) {
  if (record.amount_in == amount_in) return std::nullopt;
  return Finding{Invariant::order_amounts,
                 "it sells " + to_text(record.amount_in) + ", not " + to_text(amount_in)};
}

inline std::optional<Finding> wrong_scale(Decimal amount, std::uint8_t decimals, const char* what) {
  if (amount.scale == decimals) return std::nullopt;
  return Finding{Invariant::order_amounts, std::string(what) + " has " +
                                               std::to_string(amount.scale) +
                                               " decimals, its token " + std::to_string(decimals)};
}

// The price of a fill.
inline std::optional<Finding> wrong_price(const RecordView& record) {
  const Decimal price = price_of(record.amount_out, record.amount_in);
  if (record.executed_price == price) return std::nullopt;
  return Finding{Invariant::order_amounts, "it states the price " + to_text(record.executed_price) +
                                               ", and its amounts give " + to_text(price)};
}

inline std::optional<Finding> wrong_expected_out(const RecordView& record, Decimal quote) {
  if (record.expected_out == quote) return std::nullopt;
  return Finding{Invariant::order_route, "it expects " + to_text(record.expected_out) +
                                             ", and the chosen quote is " + to_text(quote)};
}

// The venue holds one transaction for a venue order id, however often it is submitted.
inline std::optional<Finding> submit_as(const RecordView& record, std::optional<TxHash>& tx_hash) {
  if (tx_hash && *tx_hash != record.tx_hash)
    return Finding{Invariant::order_tx_hash, "it submits " + to_text(record.tx_hash) + ", and " +
                                                 to_text(*tx_hash) +
                                                 " was submitted before in the same attempt"};
  tx_hash = record.tx_hash;
  return std::nullopt;
}

inline std::optional<Finding> wrong_tx_hash(const RecordView& record,
                                            const std::optional<TxHash>& tx_hash) {
  if (!tx_hash || *tx_hash == record.tx_hash) return std::nullopt;
  return Finding{Invariant::order_tx_hash, "it confirms " + to_text(record.tx_hash) + ", not " +
                                               to_text(*tx_hash) + ", which was submitted"};
}

// The pools of a transaction are those of its quote. They are different ones, at most three, and
// lead over different tokens to the order's output. Only a leg names a single pool (pools_min 1):
// the other legs trade in others.
inline std::optional<Finding> wrong_path(const HopPath& path, const HopPath& quoted,
                                         const Symbol& input, const Symbol& output,
                                         std::size_t pools_min) {
  if (path != quoted)
    return Finding{Invariant::order_route, "its path is not the one of the chosen quote"};
  if (path.empty()) return std::nullopt;
  if (path.size() < pools_min || path.size() > hops_max)
    return Finding{Invariant::order_route,
                   "its path has " + std::to_string(path.size()) + " pools"};
  for (std::size_t i = 0; i < path.size(); ++i) {
    bool again = path[i].output == input;
    for (std::size_t j = 0; j < i; ++j)
      again |= path[i].pool == path[j].pool || path[i].output == path[j].output;
    if (again)
      return Finding{Invariant::order_route,
                     "its path passes " + std::string(path[i].output.view()) + " or the pool " +
                         std::string(path[i].pool.view()) + " again"};
  }
  if (path.back().output == output) return std::nullopt;
  return Finding{Invariant::order_route, "its path gives " +
                                             std::string(path.back().output.view()) + ", not " +
                                             std::string(output.view())};
}

// The least and the most that a min_out may be.
struct OutLimit {
  Units least = 0;
  Units most = 0;
};
inline std::optional<Finding> wrong_min_out(Decimal min_out, OutLimit limit) {
  if (min_out.units >= limit.least && min_out.units <= limit.most) return std::nullopt;
  const bool below = min_out.units < limit.least;
  return Finding{Invariant::order_price_limit,
                 "its min_out " + to_text(min_out) + (below ? " is below " : " is above ") +
                     out_text(below ? limit.least : limit.most, min_out.scale) +
                     ", the limit by price, quotes, slippage, floor and earlier attempts"};
}

}  // namespace oee
