// The record format: fixed header + FlatBuffers payload, CRC32C over both, SHA-256 chain. The bytes
// are documented in eventlog/README.md. Any thread. Unknown or damaged bytes are errors, never
// skipped.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/base/sha256.h"
#include "core/order/event.h"

namespace oee {

inline constexpr std::uint8_t record_format_version = 2;
// The format of the event's record: 2 of an OrderAccepted with exact_out, which a program that does
// not know the member would take for a sale of all of amount_in; 1 of the others.
std::uint8_t record_format_of(const Event& event);
inline constexpr std::size_t record_header_bytes = 100;
inline constexpr std::size_t record_payload_bytes_max = 64 * 1024;

// The part of a record that does not depend on the writer.
struct EncodedEvent {
  EventType type{};
  std::string payload;  // FlatBuffers
};

// Maxima of the members, so that a record has a known bound. They are checked when an event is
// encoded, not when it is read.
inline constexpr std::size_t key_bytes_max = 255;    // account, keys, ids of clients and quotes
inline constexpr std::size_t text_bytes_max = 4096;  // details, reasons
inline constexpr std::size_t quotes_max = 64;        // of one RouteSelected

// The costly half of an append; it runs on the caller's thread (a shard). invalid: a member exceeds
// its maximum.
Result<EncodedEvent> encode_event(const Event& event);

// The same as encode_event(), appended to `out`; on an error `out` is unchanged.
Result<void> append_payload(std::string& out, const Event& event);

// corrupt: not a payload of this type; unsupported: the payload holds a value that this program
// does not know.
Result<Event> decode_payload(EventType type, std::string_view payload);
// The same with the same checks; texts are views. The views are valid as long as the bytes, and
// until this thread decodes or borrows its next payload.
Result<BorrowedEvent> borrow_payload(EventType type, std::string_view payload);

// The header of a record, as the log's writer fills it.
struct RecordHeader {
  std::uint8_t format = 1;
  EventType type{};
  std::uint8_t flags = 0;
  Seq seq = 0;
  OrderId order_id;
  Version version = 0;
  WallTime time{};
  CorrelationId correlation;
  Hash256 previous_chain{};  // chain hash of record seq - 1; zero before the first
};

// Appends the record's bytes to `out` (header, CRC, payload) and returns its chain hash:
// SHA-256(previous chain hash || record bytes).
Hash256 append_record(std::string& out, const RecordHeader& header, std::string_view payload);
Hash256 chain_hash(const Hash256& previous, std::string_view record_bytes);
// The same, with the previous hash that the record states. REQUIRES: decode_header() accepts the
// bytes.
Hash256 chain_hash(std::string_view record_bytes);

// corrupt: too short, wrong magic, length, CRC, identifier or payload; unsupported: a newer format.
// Records of every older format are read.
Result<RecordHeader> decode_header(std::string_view record_bytes);
// The returned records have no hash. The views of borrow_record() are valid as those of
// borrow_payload().
Result<Record> decode_record(std::string_view record_bytes);
Result<BorrowedRecord> borrow_record(std::string_view record_bytes);

}  // namespace oee
