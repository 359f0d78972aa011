#include "core/venue/entry.h"

#include <openssl/sha.h>

#include <cstring>

namespace oee {

const VenueOrderId* ended_id(const Entry& entry) {
  if (const auto* settlement = std::get_if<Settlement>(&entry.body)) return &settlement->id;
  if (const auto* refusal = std::get_if<Refusal>(&entry.body)) return &refusal->id;
  if (const auto* tombstone = std::get_if<Tombstone>(&entry.body)) return &tombstone->id;
  if (const auto* expiry = std::get_if<Expiry>(&entry.body)) return &expiry->id;
  return nullptr;
}

TxHash tx_hash_of(const VenueOrderId& id) {
  constexpr std::string_view tag = "oee/paper-tx/1";
  std::array<std::uint8_t, tag.size() + sizeof(id.bytes)> text;
  std::memcpy(text.data(), tag.data(), tag.size());
  std::memcpy(text.data() + tag.size(), id.bytes.data(), id.bytes.size());
  TxHash hash;
  static_assert(sizeof hash.bytes == SHA512_DIGEST_LENGTH);
  SHA512(text.data(), text.size(), hash.bytes.data());
  return hash;
}

}  // namespace oee
