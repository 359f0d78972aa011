// Writes one record of every event type, whole and with its optional members left out, to the
// directory given: the seeds of corpus/record.
#include <cstdio>
#include <fstream>

#include "eventlog/codec.h"
#include "tests/support/log/sample_records.h"

// The libraries are built for the fuzzer, whose main() this program must do without.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, std::size_t) {
  return 0;
}

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  using namespace oee;
  if (*argc != 2) {
    std::fprintf(stderr, "usage: record_seeds DIRECTORY\n");
    std::exit(2);
  }
  Hash256 chain{};
  Seq seq = 0;
  for (const Event& event : test::full_events()) {
    const Result<EncodedEvent> encoded = encode_event(event);
    check(encoded.ok(), "a sample cannot be encoded");
    RecordHeader header;
    header.type = encoded->type;
    header.seq = ++seq;
    header.order_id.bytes = test::counting_bytes<16>(static_cast<std::uint8_t>(seq));
    header.version = static_cast<Version>(seq);
    header.time = WallTime(Micros(1'780'000'000'000'000));
    header.previous_chain = chain;
    std::string record;
    chain = append_record(record, header, encoded->payload);
    std::ofstream(std::string((*argv)[1]) + "/sample-" + std::to_string(seq), std::ios::binary)
        << record;
  }
  std::exit(0);
}
