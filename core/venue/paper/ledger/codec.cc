#include "core/venue/paper/ledger/codec.h"

#include <concepts>
#include <limits>

#include "core/base/bytes.h"

namespace oee::paper {
namespace {

constexpr std::uint8_t format_version = 2;

// The oldest format that has the entry, so that older programs read what they know.
std::uint8_t format_of(const EntryBody& body) {
  return std::holds_alternative<ReferenceSet>(body) ? 2 : 1;
}

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
  void balance(I128 value) {
    const auto bits = static_cast<U128>(value);
    number(static_cast<std::uint64_t>(bits));
    number(static_cast<std::uint64_t>(bits >> 64));
  }
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
  I128 balance() {
    const U128 low = number<std::uint64_t>();
    const U128 high = number<std::uint64_t>();
    return static_cast<I128>(high << 64 | low);
  }
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

struct BodyWriter {
  Writer& out;
  void operator()(const Deposit& deposit) {
    out.text(deposit.venue);
    out.token(deposit.a);
    out.token(deposit.b);
    out.number(deposit.amount_a);
    out.number(deposit.amount_b);
  }
  void operator()(const Settlement& settlement) {
    out.raw(settlement.id.view());
    out.trade(settlement.trade);
  }
  void operator()(const Refusal& refusal) {
    out.raw(refusal.id.view());
    out.number(static_cast<std::uint8_t>(refusal.error));
    out.number(static_cast<std::uint64_t>(refusal.retry_after.count()));
    out.text(refusal.detail);
  }
  void operator()(const Tombstone& tombstone) { out.raw(tombstone.id.view()); }
  void operator()(const Expiry& expiry) {
    out.raw(expiry.id.view());
    out.number(expiry.valid_until_height);
  }
  void operator()(const Arbitrage& arbitrage) { out.trade(arbitrage.trade); }
  void operator()(const HeightMark&) {}
  void operator()(const ReferenceSet& reference) {
    out.number(reference.pool);
    out.number(reference.a);
    out.number(reference.b);
  }
};

template <class T>
T read_body(Reader& in);

template <>
Deposit read_body(Reader& in) {
  Deposit deposit;
  deposit.venue = in.name<VenueName::size_max>();
  deposit.a = in.token();
  deposit.b = in.token();
  deposit.amount_a = in.number<Units>();
  deposit.amount_b = in.number<Units>();
  return deposit;
}
template <>
Settlement read_body(Reader& in) {
  Settlement settlement;
  settlement.id = in.id();
  settlement.trade = in.trade();
  return settlement;
}
template <>
Refusal read_body(Reader& in) {
  Refusal refusal;
  refusal.id = in.id();
  refusal.error = in.error_class();
  refusal.retry_after = Micros(static_cast<std::int64_t>(in.number<std::uint64_t>()));
  refusal.detail = std::string(in.text());
  return refusal;
}
template <>
Tombstone read_body(Reader& in) {
  return Tombstone{in.id()};
}
template <>
Expiry read_body(Reader& in) {
  Expiry expiry;
  expiry.id = in.id();
  expiry.valid_until_height = in.number<std::uint64_t>();
  return expiry;
}
template <>
Arbitrage read_body(Reader& in) {
  return Arbitrage{in.trade()};
}
template <>
ReferenceSet read_body(Reader& in) {
  ReferenceSet reference;
  reference.pool = in.number<PoolId>();
  reference.a = in.number<Units>();
  reference.b = in.number<Units>();
  return reference;
}

Error damaged(const char* what) {
  return Error{Errc::corrupt, std::string("the venue ledger holds damaged bytes: ") + what};
}

}  // namespace

std::string encode_entry(const JournalEntry& entry) {
  Writer out;
  out.number(format_of(entry.body));
  out.number(static_cast<std::uint8_t>(entry.body.index()));
  out.number(entry.height);
  std::visit(BodyWriter{out}, entry.body);
  return out.take();
}

Result<JournalEntry> decode_entry(std::string_view bytes) {
  Reader in(bytes);
  const auto version = in.number<std::uint8_t>();
  if (version > format_version) {
    return Error{Errc::unsupported, "a venue ledger entry of format " + std::to_string(version) +
                                        " is newer than this program"};
  }
  if (version == 0) return damaged("a journal entry");
  const auto kind = in.number<std::uint8_t>();
  JournalEntry entry;
  entry.height = in.number<std::uint64_t>();
  switch (kind) {
    case 0:
      entry.body = read_body<Deposit>(in);
      break;
    case 1:
      entry.body = read_body<Settlement>(in);
      break;
    case 2:
      entry.body = read_body<Refusal>(in);
      break;
    case 3:
      entry.body = read_body<Tombstone>(in);
      break;
    case 4:
      entry.body = read_body<Expiry>(in);
      break;
    case 5:
      entry.body = read_body<Arbitrage>(in);
      break;
    case 6:
      entry.body = HeightMark{};
      break;
    case 7:
      entry.body = read_body<ReferenceSet>(in);
      break;
    default:
      in.spoil();
  }
  if (!in.whole()) return damaged("a journal entry");
  return entry;
}

std::string encode_pool(const PoolState& pool) {
  Writer out;
  out.text(pool.venue);
  out.token(pool.a);
  out.token(pool.b);
  out.number(pool.reserve_a);
  out.number(pool.reserve_b);
  if (pool.reference_a != 0) {
    out.number(pool.reference_a);
    out.number(pool.reference_b);
  }
  return out.take();
}

Result<PoolState> decode_pool(std::string_view bytes) {
  Reader in(bytes);
  PoolState pool;
  pool.venue = in.name<VenueName::size_max>();
  pool.a = in.token();
  pool.b = in.token();
  pool.reserve_a = in.number<Units>();
  pool.reserve_b = in.number<Units>();
  if (in.more()) {
    pool.reference_a = in.number<Units>();
    pool.reference_b = in.number<Units>();
  }
  if (!in.whole()) return damaged("a pool's state");
  return pool;
}

std::string encode_balances(const TokenBalances& balances) {
  Writer out;
  out.token(balances.token);
  out.balance(balances.deposited);
  out.balance(balances.trader);
  out.balance(balances.arbitrage);
  return out.take();
}

Result<TokenBalances> decode_balances(std::string_view bytes) {
  Reader in(bytes);
  TokenBalances balances;
  balances.token = in.token();
  balances.deposited = in.balance();
  balances.trader = in.balance();
  balances.arbitrage = in.balance();
  if (!in.whole()) return damaged("a token's balances");
  return balances;
}

std::string encode_head(LedgerHead head) {
  Writer out;
  out.number(head.next_entry);
  out.number(head.height);
  out.number(head.first_height);
  return out.take();
}

Result<LedgerHead> decode_head(std::string_view bytes) {
  Reader in(bytes);
  LedgerHead head;
  head.next_entry = in.number<EntryNumber>();
  head.height = in.number<std::uint64_t>();
  head.first_height = in.number<std::uint64_t>();
  if (!in.whole() || head.next_entry == 0) return damaged("the head of the state");
  return head;
}

std::string entry_key(EntryNumber number) {
  std::string key;
  append_be<std::uint64_t>(key, number);
  return key;
}

Result<EntryNumber> decode_entry_key(std::string_view key) {
  if (key.size() != 8) return damaged("a journal key");
  return EntryNumber{load_be<std::uint64_t>(key)};
}

}  // namespace oee::paper
