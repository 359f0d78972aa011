// The frame of a record: header, CRC, chain. codec_encode.cc and codec_decode.cc handle the
// payload.
#include "eventlog/codec.h"

#include <array>
#include <cstring>

#include "core/base/bytes.h"
#include "core/base/crc32c.h"

namespace oee {
namespace {

// Offsets of the header's fields; eventlog/README.md has the table.
constexpr std::string_view magic = "OEER";
constexpr std::size_t at_format = 4;
constexpr std::size_t at_type = 5;
constexpr std::size_t at_flags = 6;
constexpr std::size_t at_reserved = 7;
constexpr std::size_t at_seq = 8;
constexpr std::size_t at_order_id = 16;
constexpr std::size_t at_version = 32;
constexpr std::size_t at_time = 36;
constexpr std::size_t at_correlation = 44;
constexpr std::size_t at_payload_length = 60;
constexpr std::size_t at_previous_chain = 64;
constexpr std::size_t at_crc = 96;
static_assert(record_header_bytes == at_crc + 4);

// The CRC of all bytes except its own four.
std::uint32_t record_crc(std::string_view record) {
  return crc32c(record.substr(record_header_bytes), crc32c(record.substr(0, at_crc)));
}

// Reads all fields after magic and format. REQUIRES: the CRC is right.
Result<RecordHeader> read_fields(std::string_view record) {
  RecordHeader header;
  header.format = static_cast<std::uint8_t>(record[at_format]);
  header.flags = static_cast<std::uint8_t>(record[at_flags]);
  header.seq = load_be<std::uint64_t>(&record[at_seq]);
  header.order_id = OrderId::from_bytes(record.substr(at_order_id, 16));
  header.version = load_be<std::uint32_t>(&record[at_version]);
  header.time =
      WallTime(Micros(static_cast<std::int64_t>(load_be<std::uint64_t>(&record[at_time]))));
  header.correlation = CorrelationId::from_bytes(record.substr(at_correlation, 16));
  std::memcpy(header.previous_chain.data(), record.data() + at_previous_chain, 32);
  const auto type = static_cast<std::uint8_t>(record[at_type]);
  if (type >= event_type_count || header.flags != 0 || record[at_reserved] != 0)
    return Error{Errc::unsupported,
                 "record " + std::to_string(header.seq) +
                     " has an event type or flags that this program does not know"};
  header.type = static_cast<EventType>(type);
  return header;
}

template <class Text, class ReadPayload>
Result<RecordOf<Text>> read_record(std::string_view record, ReadPayload read_payload) {
  OEE_TRY_ASSIGN(const RecordHeader header, decode_header(record));
  auto event = read_payload(header.type, record.substr(record_header_bytes));
  if (!event.ok())
    return Error{event.error().code,
                 "record " + std::to_string(header.seq) + ": " + event.error().detail};
  return RecordOf<Text>{header.seq,  header.order_id,    header.version,
                        header.time, header.correlation, *std::move(event)};
}

}  // namespace

Hash256 chain_hash(const Hash256& previous, std::string_view record_bytes) {
  return sha256({as_bytes(previous), record_bytes});
}

Hash256 chain_hash(std::string_view record_bytes) {
  return sha256({record_bytes.substr(at_previous_chain, 32), record_bytes});
}

Hash256 append_record(std::string& out, const RecordHeader& header, std::string_view payload) {
  check(payload.size() <= record_payload_bytes_max, "append_record: payload too large");
  std::array<char, record_header_bytes> bytes;
  std::memcpy(bytes.data(), magic.data(), magic.size());
  bytes[at_format] = static_cast<char>(header.format);
  bytes[at_type] = static_cast<char>(header.type);
  bytes[at_flags] = static_cast<char>(header.flags);
  bytes[at_reserved] = 0;
  store_be<std::uint64_t>(&bytes[at_seq], header.seq);
  std::memcpy(&bytes[at_order_id], header.order_id.bytes.data(), 16);
  store_be<std::uint32_t>(&bytes[at_version], header.version);
  store_be<std::uint64_t>(&bytes[at_time],
                          static_cast<std::uint64_t>(header.time.time_since_epoch().count()));
  std::memcpy(&bytes[at_correlation], header.correlation.bytes.data(), 16);
  store_be<std::uint32_t>(&bytes[at_payload_length], static_cast<std::uint32_t>(payload.size()));
  std::memcpy(&bytes[at_previous_chain], header.previous_chain.data(), 32);
  store_be<std::uint32_t>(&bytes[at_crc], crc32c(payload, crc32c({bytes.data(), at_crc})));
  const std::size_t start = out.size();
  out.append(bytes.data(), bytes.size());
  out.append(payload);
  return chain_hash(header.previous_chain, std::string_view(out).substr(start));
}

std::uint8_t record_format_of(const Event& event) {
  const auto* order = std::get_if<OrderAccepted>(&event);
  return order != nullptr && order->exact_out ? 2 : 1;
}

Result<RecordHeader> decode_header(std::string_view record) {
  if (record.size() < record_header_bytes)
    return Error{Errc::corrupt,
                 "a record of " + std::to_string(record.size()) + " bytes is too short"};
  if (record.substr(0, magic.size()) != magic)
    return Error{Errc::corrupt, "a record does not begin with OEER"};
  // A newer format may have another layout: the bytes after its number cannot be checked.
  const auto format = static_cast<std::uint8_t>(record[at_format]);
  if (format > record_format_version)
    return Error{Errc::unsupported, "a record has format " + std::to_string(format) +
                                        "; this program knows up to " +
                                        std::to_string(record_format_version)};
  if (format == 0) return Error{Errc::corrupt, "a record has format 0"};
  if (load_be<std::uint32_t>(&record[at_payload_length]) != record.size() - record_header_bytes)
    return Error{Errc::corrupt, "a record's length is not the one that its header states"};
  if (record.size() - record_header_bytes > record_payload_bytes_max)
    return Error{Errc::corrupt, "a record's payload is longer than 64 KiB"};
  if (load_be<std::uint32_t>(&record[at_crc]) != record_crc(record))
    return Error{Errc::corrupt, "a record's CRC does not match its bytes"};
  return read_fields(record);
}

Result<Record> decode_record(std::string_view record) {
  return read_record<std::string>(record, decode_payload);
}
Result<BorrowedRecord> borrow_record(std::string_view record) {
  return read_record<std::string_view>(record, borrow_payload);
}

}  // namespace oee
