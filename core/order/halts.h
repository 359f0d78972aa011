// Halts: the halts of trading that are in force, the fold of the engine's own stream. The log's
// writer refuses by it, each executor waits by it, and GET /v1/halt shows it. A value; any thread.
//
// A halt of `all` covers every order, one of `account` or `token` the orders of that account or
// with that token on either side; while it is in force no such order is accepted and none of their
// transactions is built. A halt of `token` also covers the transactions whose path passes the
// token, and one of `venue` those at that venue.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/order/event.h"

namespace oee {

inline constexpr std::size_t halts_max = 1'000;  // in force at a time

struct Halt {
  Seq id = 0;  // seq of its TradingHalted
  HaltScope scope = HaltScope::all;
  std::string value;  // the account, token or venue; empty: scope is all
  std::string by;
  std::string why;
  WallTime since{};
};
// "trading of token SOL is halted by ops since 2026-01-02T03:04:05Z: depeg". For people.
std::string to_text(const Halt& halt);

// The members of an order that a halt's scope is compared with.
struct HaltTerms {
  std::string_view account;
  Symbol input;
  Symbol output;
};

class Halts {
 public:
  // Takes the next record. Those of orders, and those taken before, change nothing.
  void take(const Record& record);
  // Replaces everything by the fold of the engine's own stream.
  static Halts of(std::span<const Record> records);

  // The halt that covers an order with these terms, at every venue; the oldest. nullptr: none.
  // Valid until the next take().
  const Halt* find(const HaltTerms& terms) const;
  // The halt that covers all transactions at a venue.
  const Halt* find_venue(const VenueName& venue) const;
  // The halt of a token that the path passes or ends at.
  const Halt* find_path(const HopPath& path) const;
  const Halt* find(Seq id) const;
  // True when a halt of `all` is in force.
  bool all() const { return find(HaltTerms{}) != nullptr; }

  std::span<const Halt> in_force() const { return halts_; }  // oldest first
  bool empty() const { return halts_.empty(); }
  Version version() const { return version_; }  // of the engine's own stream; 0: it is empty

 private:
  std::vector<Halt> halts_;
  Version version_ = 0;
};

}  // namespace oee
