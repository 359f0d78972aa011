// The layout of the log's RocksDB (DIR/log): column families and key bytes. The writer and the
// readers share it; eventlog/README.md documents it. All integers are big-endian, so that keys sort
// by value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/order/ids.h"

namespace oee::layout {

// Column families (RocksDB's "default" is unused).
inline constexpr const char* cf_events = "events";      // seq u64 → record bytes
inline constexpr const char* cf_by_order = "by_order";  // order id [16] | version u32 → seq u64
// see key_of() → order id [16] | seq u64 | fingerprint [32]
inline constexpr const char* cf_keys = "keys";
// Written by older programs: "open" → seq u64 | order ids [16] ...; now rocks/hint_file.h
inline constexpr const char* cf_hints = "hints";
inline constexpr const char* cf_meta = "meta";  // meta_log_id, meta_format ... → value
inline constexpr const char* all_cfs[] = {cf_events, cf_by_order, cf_keys, cf_hints, cf_meta};

inline constexpr const char* meta_log_id = "log_id";  // [16]
// [8], random, written by a restore; absent: the log was never restored
inline constexpr const char* meta_epoch = "epoch";
inline constexpr const char* meta_format = "format";  // u32: the store's format version
// the text of order_event.fbs, so that a log can be read without this program
inline constexpr const char* meta_schema = "schema";
inline constexpr std::uint32_t store_format_version = 1;

inline std::string seq_key(Seq seq) {
  std::string key;
  append_be<std::uint64_t>(key, seq);
  return key;
}
inline std::string by_order_key(const OrderId& id, Version version) {
  std::string key(id.view());
  append_be<std::uint32_t>(key, version);
  return key;
}

// bound_key: an idempotency key that came with the client order id of an older order. No record
// names it.
enum class KeyKind : char { idempotency_key = 'k', client_order_id = 'c', bound_key = 'b' };
// kind | account length u8 | account | key. REQUIRES: account.size() <= 255.
inline std::string key_of(KeyKind kind, std::string_view account, std::string_view key) {
  std::string out;
  out += static_cast<char>(kind);
  out += static_cast<char>(account.size());
  out += account;
  out += key;
  return out;
}
inline bool is_bound_key(std::string_view key) {
  return key.starts_with(static_cast<char>(KeyKind::bound_key));
}
// The key of the same text and account as a bound key. REQUIRES: key_of() made it.
inline std::string bound_key_of(std::string key) {
  key.front() = static_cast<char>(KeyKind::bound_key);
  return key;
}

}  // namespace oee::layout
