// The writer and the reader of the ledger's stored bytes; only its codec includes this.
#pragma once

#include <concepts>
#include <limits>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/venue/paper/ledger/state.h"

namespace oee::paper {

class Writer {
 public:
  Writer() { out_.reserve(128); }  // nearly every entry fits
  template <std::unsigned_integral N>
  void number(N value) {
    append_le<N>(out_, value);
  }
  void text(std::string_view value) {
    check(value.size() <= std::numeric_limits<std::uint16_t>::max(), "ledger text too long");
    number(static_cast<std::uint16_t>(value.size()));
    out_ += value;
  }
  void raw(std::string_view bytes) { out_ += bytes; }
  void token(const Token& token) {
    text(token.symbol);
    number(token.decimals);
  }
  void trade(const PoolTrade& trade) {
    number(trade.pool);
    number(static_cast<std::uint8_t>(trade.sells_a));
    number(trade.amount_in);
    number(trade.amount_out);
    number(trade.fee);
  }
  void wide(U128 value) {
    number(static_cast<std::uint64_t>(value));
    number(static_cast<std::uint64_t>(value >> 64));
  }
  void balance(I128 value) { wide(static_cast<U128>(value)); }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

// A read past the end returns zeros and marks the reader as spoiled. whole() is checked once, after
// the last read.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  template <std::unsigned_integral N>
  N number() {
    const std::string_view bytes = raw(sizeof(N));
    return bytes.empty() ? N{0} : load_le<N>(bytes.data());
  }
  std::string_view text() { return raw(number<std::uint16_t>()); }
  std::string_view raw(std::size_t size) {
    if (size > rest_.size()) {
      spoiled_ = true;
      rest_ = {};
      return {};
    }
    const std::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }
  VenueOrderId id() {
    const std::string_view bytes = raw(16);
    return spoiled_ ? VenueOrderId{} : VenueOrderId::from_bytes(bytes);
  }
  template <std::size_t N>
  FixedText<N> name() {
    const std::string_view value = text();
    if (value.empty() || value.size() > N) {
      spoiled_ = true;
      return {};
    }
    return FixedText<N>(value);
  }
  Token token() {
    Token token;
    token.symbol = name<Symbol::size_max>();
    token.decimals = number<std::uint8_t>();
    spoiled_ = spoiled_ || token.decimals > decimal_scale_max;
    return token;
  }
  PoolTrade trade() {
    PoolTrade trade;
    trade.pool = number<PoolId>();
    trade.sells_a = flag();
    trade.amount_in = number<Units>();
    trade.amount_out = number<Units>();
    trade.fee = number<Units>();
    spoiled_ = spoiled_ || trade.fee > trade.amount_in;
    return trade;
  }
  U128 wide() {
    const U128 low = number<std::uint64_t>();
    const U128 high = number<std::uint64_t>();
    return high << 64 | low;
  }
  I128 balance() { return static_cast<I128>(wide()); }
  ErrorClass error_class() {
    const auto value = number<std::uint8_t>();
    spoiled_ = spoiled_ || value > static_cast<std::uint8_t>(ErrorClass::interrupted);
    return static_cast<ErrorClass>(value);
  }
  void spoil() { spoiled_ = true; }
  bool more() const { return !rest_.empty(); }
  bool whole() const { return !spoiled_ && rest_.empty(); }

 private:
  bool flag() {
    const auto value = number<std::uint8_t>();
    spoiled_ = spoiled_ || value > 1;
    return value == 1;
  }
  std::string_view rest_;
  bool spoiled_ = false;
};

}  // namespace oee::paper
