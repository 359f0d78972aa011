// SplitChecker: the rules of one split attempt's money, for TradeChecker: each leg is traded as its
// own quote, and the attempt's events have the sums of its legs. A value. One thread.
#pragma once

#include <optional>
#include <vector>

#include "eventlog/audit/trade_findings.h"

namespace oee {

class SplitChecker {
 public:
  // The tokens of the order.
  struct Tokens {
    Symbol input;
    Symbol output;
    std::uint8_t input_decimals = 0;
    std::uint8_t output_decimals = 0;
  };

  // Takes a RouteSelected of several legs.
  explicit SplitChecker(const RecordView& route);
  // Each leg states its amount, in the tokens' units; the sums have 64 bits.
  std::optional<Finding> check_route(const RecordView& route, const Tokens& tokens) const;

  // TransactionBuilt, which has the sums of the legs that follow.
  void take_sums(const RecordView& built);
  // The functions below take a leg's event. REQUIRES: LegSequence has accepted it.
  Units amount_of(LegIndex leg) const { return legs_[leg].amount_in; }
  Units quote_of(LegIndex leg) const { return legs_[leg].quote; }
  std::optional<Finding> build(const RecordView& record, const Tokens& tokens, OutLimit limit);
  std::optional<Finding> submit(const RecordView& record);
  std::optional<Finding> fill(const RecordView& record, const Tokens& tokens);

  // The attempt's end. A fill has the sums of the filled legs, and venue and transaction of the
  // first of them. Without a filled leg the attempt fails.
  std::optional<Finding> check_fill(const RecordView& record, const Tokens& tokens) const;
  std::optional<Finding> check_failure() const;

  bool built() const { return built_ > 0; }
  std::size_t size() const { return legs_.size(); }

 private:
  struct Leg {
    VenueName venue;
    HopPath path;
    Units amount_in = 0;
    Units quote = 0;
    Units min_out = 0;
    std::optional<TxHash> tx_hash;
    bool filled = false;
    Units amount_out = 0;
    Units fee = 0;
  };
  std::optional<Finding> check_sums(const Tokens& tokens) const;

  std::vector<Leg> legs_;
  std::size_t built_ = 0;
  // Of the TransactionBuilt.
  std::uint64_t valid_until_height_ = 0;
  Units min_out_ = 0;
};

}  // namespace oee
