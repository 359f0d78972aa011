// TradeChecker: the rules of an order's money, for LogChecker: price limit, amounts, slices, route,
// transaction and budget of attempts. SplitChecker has those of the legs of a split attempt. It
// computes the price limit and the slices by itself, so that a mistake of decide() is found. It
// holds about 400 bytes for each order that has not ended. One thread.
//
// It has no rule about retryAt, which is decided on the wall clock and measured on the steady
// clock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <boost/unordered/unordered_flat_map.hpp>

#include "eventlog/audit/split_checker.h"

namespace oee {

class TradeChecker {
 public:
  // As in LogChecker::Options.
  TradeChecker(std::uint32_t attempts_max, bool earlier_programs)
      : attempts_max_(attempts_max), earlier_programs_(earlier_programs) {}

  // The outcome that an operator states.
  struct Resolved {
    bool settled = false;
    TxHash tx_hash;
    Decimal amount_out;
    Decimal fee;
    Decimal amount_in;            // of an exact output
    std::optional<LegIndex> leg;  // of a split attempt
  };
  // Checks the next event of its order. REQUIRES: the event is legal for the order and names the
  // attempt under way.
  std::optional<Finding> take(const RecordView& record);

 private:
  struct Trade {
    Decimal amount_in;
    std::uint8_t output_decimals = 0;
    Symbol input;
    Symbol output;
    std::uint32_t slippage_bps = 0;
    std::optional<std::int64_t> expires_at_us;  // nothing is built then or later
    Units floor = 0;                            // the order's own least output
    std::optional<Decimal> limit_price;         // the order's own least price
    std::optional<Units> exact_out;             // it sells the least input that yields so much
    OrderType type{};
    TypeTerms type_terms;
    bool waits_for_trigger = false;
    bool allow_partial = false;
    bool may_be_split = false;
    std::optional<SliceTerms> slices;  // of a twap order
    std::int64_t accepted_us = 0;      // its slices are counted from then on
    std::uint32_t slices_due = 0;      // at the time of its last transaction
    bool immediate = false;            // ioc or fok: one transaction is built
    bool cancel_requested = false;     // nothing is built any more
    bool built = false;                // a transaction, ever
    Units filled = 0;                  // of amount_in
    std::optional<Units> first_quote;  // the output of the first chosen quote
    Units first_quoted_in = 0;         // the amount that it was of
    Units limit = 0;                   // no later attempt for the same amount has a lower min_out
    Units limit_of = 0;                // that amount
    std::uint32_t started = 0;         // attempts since acceptance or the last requeue
    std::uint32_t ended = 0;           // of these, the ones that failed
    // Of these, the ones that do not count: no quote, or the market left the order's limit price.
    std::uint32_t uncounted = 0;
    // Of the attempt under way.
    Attempt attempt = 0;
    VenueName venue;
    HopPath path;
    Units quote = 0;
    Units amount = 0;  // that it sells; of an exact output the quoted input
    Units min_out = 0;
    // The amount of the last transaction, whose min_out it is; of an exact output the most.
    Units built_in = 0;
    std::optional<TxHash> tx_hash;
    std::optional<SplitChecker> split;  // from its RouteSelected to the attempt's end
    std::optional<Resolved> resolved;   // by the event before
  };

  static bool counts(ErrorClass error, const Trade& trade);
  static Units most_in(const Trade& trade);
  std::optional<Finding> check(const RecordView& record, Trade& trade) const;
  std::optional<Finding> start_attempt(const RecordView& record, Trade& trade) const;
  static std::optional<Finding> select_route(const RecordView& record, Trade& trade);
  std::optional<Finding> build(const RecordView& record, Trade& trade) const;
  static std::optional<Finding> build_leg(const RecordView& record, Trade& trade);
  static SplitChecker::Tokens tokens_of(const Trade& trade);
  static std::optional<Finding> slices(const RecordView& record, Trade& trade);
  struct Limit {
    Units promised = 0;
    Units cut = 0;   // the same, as earlier programs rounded it
    Units most = 0;  // of a min_out
  };
  static std::optional<Limit> limit_of(const Trade& trade, Units amount, Units quote);
  std::optional<Finding> limit_price(const RecordView& record, Trade& trade) const;
  static std::optional<Finding> exact_limit(const RecordView& record, Trade& trade);
  static std::optional<Finding> submit(const RecordView& record, Trade& trade);
  static std::optional<Finding> fill(const RecordView& record, Trade& trade);
  static std::optional<Finding> filled_amount(const RecordView& record, Trade& trade);
  static std::optional<Finding> add_fill(const RecordView& record, Trade& trade);
  static std::optional<Finding> trigger(const RecordView& record, Trade& trade);
  static std::optional<Finding> amend(const Amendment& terms, Trade& trade);
  static std::optional<Finding> fail(const RecordView& record, Trade& trade);

  const std::uint32_t attempts_max_;
  const bool earlier_programs_;
  boost::unordered_flat_map<OrderId, Trade, IdHash> trades_;  // of the orders that have not ended
};

}  // namespace oee
