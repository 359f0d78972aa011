#include "core/venue/paper/ledger/journal_entry.h"

// OpenSSL's one-shot function looks up the algorithm at each call; that takes longer than the
// digest. Hence the deprecated interface.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include "core/base/check.h"

namespace oee::paper {

const VenueOrderId* ended_id(const JournalEntry& entry) {
  if (const auto* settlement = std::get_if<Settlement>(&entry.body)) return &settlement->id;
  if (const auto* refusal = std::get_if<Refusal>(&entry.body)) return &refusal->id;
  if (const auto* tombstone = std::get_if<Tombstone>(&entry.body)) return &tombstone->id;
  if (const auto* expiry = std::get_if<Expiry>(&entry.body)) return &expiry->id;
  return nullptr;
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
