// QuoteIds: the ids of answers of GET /v1/quote. An order with such an id yields what the answer
// promised, of an exact output for no more input, or is not traded. An id contains the quote and
// its HMAC-SHA256, cut to 16 bytes, in hexadecimal: no quote is kept. The key belongs to the
// process, so a restart ends the quotes before it. Immutable; any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "api/http/problem.h"
#include "core/order/command.h"

namespace oee {

struct PromisedQuote {
  Symbol input;
  Symbol output;
  Units amount_in = 0;
  Units amount_out = 0;
  WallTime valid_until{};  // exclusive
  // Of an exact output: the output that was asked for. amount_in is then the promise. Empty:
  // amount_in was asked for, and amount_out is the promise.
  std::optional<Units> exact_out{};
};

class QuoteIds {
 public:
  static constexpr std::chrono::seconds valid_for{10};

  // `key`: a secret that all shards of the process share.
  explicit QuoteIds(std::string key) : key_(std::move(key)) {}

  std::string make(const PromisedQuote& quote) const;
  // Empty: the text is no id that make() returned.
  std::optional<PromisedQuote> read(std::string_view id) const;

  // Fills in the amounts and the end of the order's quote. When the id is not one of this order
  // they stay empty, so only a repetition of an earlier order is answered. Returns the problem of
  // an order that place() then refuses with `conflict`.
  Problem bind(PlaceOrder& order) const;

 private:
  std::string code_of(std::string_view quote) const;

  const std::string key_;
};

}  // namespace oee
