#include "eventlog/rocks/record_checker.h"

#include "eventlog/layout.h"

namespace oee {
namespace {

Error bad_record(Seq seq, std::string_view what) {
  return {Errc::corrupt, "record " + std::to_string(seq) + ": " + std::string(what) +
                             "; restore the log directory from a copy"};
}

}  // namespace

Result<void> RecordChecker::check(Seq seq, std::string_view bytes) {
  auto header = decode_header(bytes);
  if (!header.ok())
    return Error{header.error().code,
                 "record " + std::to_string(seq) + ": " + header.error().detail};
  if (header->seq != seq) return bad_record(seq, "it states another seq");
  if (chain_ && header->previous_chain != *chain_)
    return bad_record(seq, "the hash chain is broken before it");
  chain_ = chain_hash(header->previous_chain, bytes);
  time_ = header->time;
  auto record = decode_record(bytes);
  if (!record.ok()) return record.error();
  return check_indexes(*record);
}

Result<void> RecordChecker::check_indexes(const Record& record) {
  OEE_TRY_ASSIGN(const auto seq, store_.seq_of(record.order_id, record.version));
  if (seq != record.seq) return bad_record(record.seq, "the index by order does not lead to it");
  const EventKeys keys = keys_of(record.event);
  using layout::KeyKind;
  if (!keys.idempotency_key.empty())
    OEE_TRY(check_key(record,
                      layout::key_of(KeyKind::idempotency_key, keys.account, keys.idempotency_key),
                      keys.fingerprint));
  if (!keys.client_order_id.empty())
    OEE_TRY(check_key(record,
                      layout::key_of(KeyKind::client_order_id, keys.account, keys.client_order_id),
                      keys.fingerprint));
  return {};
}

Result<void> RecordChecker::check_key(const Record& record, std::string_view key,
                                      const Hash256& fingerprint) {
  OEE_TRY_ASSIGN(const auto entry, store_.find_key(key));
  if (!entry || entry->seq != record.seq || entry->order_id != record.order_id ||
      entry->fingerprint != fingerprint)
    return bad_record(record.seq, "the index of idempotency keys does not lead to it");
  return {};
}

}  // namespace oee
