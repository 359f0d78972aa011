#include "core/venue/paper/ledger/codec.h"

#include "core/venue/paper/ledger/bytes.h"
#include "core/venue/paper/ledger/shape_codec.h"

namespace oee::paper {
namespace {

constexpr std::uint8_t format_version = 4;

// The oldest format that has the entry, so that older programs read what they know.
std::uint8_t format_of(const EntryBody& body) {
  if (std::holds_alternative<PathSettlement>(body)) return 4;
  if (std::holds_alternative<PoolOpened>(body)) return 3;
  return std::holds_alternative<ReferenceSet>(body) ? 2 : 1;
}

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
  void operator()(const PoolOpened& opened) {
    (*this)(opened.pool->first);
    write_shape(out, opened.pool->shape);
  }
  void operator()(const PathSettlement& settlement) {
    out.raw(settlement.id.view());
    out.number(static_cast<std::uint8_t>(settlement.trades.size()));
    for (const PoolTrade& trade : settlement.trades) out.trade(trade);
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

template <>
PoolOpened read_body(Reader& in) {
  NewPoolState opened;
  opened.first = read_body<Deposit>(in);
  opened.shape = read_shape(in);
  return opened;
}

template <>
PathSettlement read_body(Reader& in) {
  PathSettlement settlement;
  settlement.id = in.id();
  const auto count = in.number<std::uint8_t>();
  if (count < 2 || count > hops_max) {
    in.spoil();
    return settlement;
  }
  for (std::uint8_t i = 0; i < count; ++i) settlement.trades.push_back(in.trade());
  return settlement;
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
    case 8:
      entry.body = read_body<PoolOpened>(in);
      break;
    case 9:
      entry.body = read_body<PathSettlement>(in);
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
  if (pool.reference_a != 0 || pool.shape) {
    out.number(pool.reference_a);
    out.number(pool.reference_b);
  }
  if (pool.shape) write_shape(out, pool.shape);
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
  if (in.more()) pool.shape = read_shape(in);
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
