// A record of the log. A refusal has a reason. An event that was read is equal after it is written
// and read again. The checker's own reader, which shares no code with the codec, must agree with
// the codec in everything. The input is tried as it is, and again with a corrected frame (length
// and CRC), so that mutations reach the payload.

#include "core/base/bytes.h"
#include "core/base/crc32c.h"
#include "eventlog/codec.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/record_opinions.h"

namespace oee::fuzz {
namespace {

// Two events are equal when their payloads are equal: FlatBuffers of one builder are a function of
// their content.
void check_event(const Event& event, EventType type) {
  const Result<EncodedEvent> written = encode_event(event);
  if (!written) {
    // Maxima are checked when an event is written, not when it is read: another version of the
    // program may have had higher ones.
    check(written.error().code == Errc::invalid && !written.error().detail.empty(),
          "an event that is read cannot be written, and nobody says why");
    return;
  }
  check(written->type == type, "an event changes its type");
  const Result<Event> again = decode_payload(type, written->payload);
  check(again.ok(), "an event that was written cannot be read");
  const Result<EncodedEvent> rewritten = encode_event(*again);
  check(rewritten.ok() && rewritten->payload == written->payload, "an event changes on its way");
}

void check_record(std::string_view bytes) {
  const Result<Record> read = decode_record(bytes);
  const Result<RecordHeader> header = decode_header(bytes);
  if (!read) {
    check(read.error().code == Errc::corrupt || read.error().code == Errc::unsupported,
          "damaged bytes with another code");
    check(!read.error().detail.empty(), "a refused record without a reason");
  } else {
    check(header.ok() && header->seq == read->seq && header->order_id == read->order_id &&
              header->version == read->version && header->time == read->time,
          "the header alone says something else");
    check(static_cast<std::size_t>(header->type) == read->event.index(), "another type");
    check_event(read->event, header->type);
    std::string rebuilt;
    const Hash256 chain = append_record(rebuilt, *header, bytes.substr(record_header_bytes));
    check(rebuilt == bytes, "a header that is read cannot be written");
    check(chain == chain_hash(header->previous_chain, bytes), "two chain hashes");
  }
  check_opinions(bytes, read, header);
}

std::string with_frame(std::string_view bytes) {
  std::string record(bytes);
  const auto put = [&record](std::size_t at, std::uint32_t value) {
    store_be<std::uint32_t>(&record[at], value);
  };
  record.replace(0, 4, "OEER");
  put(60, static_cast<std::uint32_t>(record.size() - record_header_bytes));
  const std::string_view view = record;
  put(96, crc32c(view.substr(record_header_bytes), crc32c(view.substr(0, 96))));
  return record;
}

void run(std::string_view bytes) {
  check_record(bytes);
  if (bytes.size() < record_header_bytes) return;
  check_record(with_frame(bytes));
  // Stored bytes may be at any address.
  std::string shifted = " " + with_frame(bytes);
  const Result<Record> here = decode_record(with_frame(bytes));
  const Result<Record> there = decode_record(std::string_view(shifted).substr(1));
  check(here.ok() == there.ok(), "the address of the bytes decides");
}

}  // namespace
}  // namespace oee::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  oee::fuzz::run(oee::fuzz::text_of(data, size));
  return 0;
}
