#include "core/venue/paper/ledger/journal_entry.h"

// OpenSSL's one-shot function looks up the algorithm at each call; that takes longer than the
// digest. Hence the deprecated interface.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include <algorithm>

#include "core/base/check.h"

namespace oee::paper {

const VenueOrderId* ended_id(const JournalEntry& entry) {
  if (const auto* settlement = std::get_if<Settlement>(&entry.body)) return &settlement->id;
  if (const auto* settlement = std::get_if<PathSettlement>(&entry.body)) return &settlement->id;
  if (const auto* refusal = std::get_if<Refusal>(&entry.body)) return &refusal->id;
  if (const auto* tombstone = std::get_if<Tombstone>(&entry.body)) return &tombstone->id;
  if (const auto* expiry = std::get_if<Expiry>(&entry.body)) return &expiry->id;
  return nullptr;
}

std::span<const PoolTrade> trades_of(const JournalEntry& entry) {
  if (const auto* settlement = std::get_if<Settlement>(&entry.body)) return {&settlement->trade, 1};
  if (const auto* arbitrage = std::get_if<Arbitrage>(&entry.body)) return {&arbitrage->trade, 1};
  if (const auto* path = std::get_if<PathSettlement>(&entry.body)) return path->trades;
  return {};
}

Units fee_of(std::span<const PoolTrade> trades) {
  const Units amount_in = trades.front().amount_in;
  U128 fee = 0;
  for (const PoolTrade& trade : trades) {
    const Units whole = std::max<Units>(trade.amount_in, 1);
    fee += (U128{trade.fee} * amount_in + whole - 1) / whole;
  }
  return static_cast<Units>(std::min<U128>(fee, amount_in));
}

TxHash tx_hash_of(const VenueOrderId& id) {
  constexpr std::string_view tag = "oee/paper-tx/1";
  TxHash hash;
  static_assert(sizeof hash.bytes == SHA512_DIGEST_LENGTH);
  SHA512_CTX context;
  const bool ok = SHA512_Init(&context) == 1 &&
                  SHA512_Update(&context, tag.data(), tag.size()) == 1 &&
                  SHA512_Update(&context, id.bytes.data(), id.bytes.size()) == 1 &&
                  SHA512_Final(hash.bytes.data(), &context) == 1;
  check(ok, "OpenSSL SHA-512 failed");
  return hash;
}

}  // namespace oee::paper
