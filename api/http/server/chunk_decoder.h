// ChunkDecoder: reads a request body in chunks (RFC 9112 7.1) as its bytes arrive. It is strict:
// every line ends with CR LF and holds no other control character, a size is one to sixteen
// hexadecimal digits at the beginning of its line. Extensions and trailer fields are checked for
// their form and dropped: a trailer never becomes a header. Pure; one body.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/http/wire.h"

namespace oee {

class ChunkDecoder {
 public:
  explicit ChunkDecoder(const HttpLimits& limits) : limits_(&limits) {}

  // Takes bytes from the beginning of `bytes` and appends the body's to `body`. Returns the number
  // of bytes taken; the rest is to be passed again with more behind it. Takes nothing behind the
  // body's end, and nothing after a refusal.
  std::size_t read(std::string_view bytes, std::string& body);
  bool done() const { return part_ == Part::done; }
  // 413: the body is over its limit, as soon as a size line announces it. 431: extensions and
  // trailer together are over the limits of a head. 400: not in chunks.
  const std::optional<HttpRefusal>& refusal() const { return refusal_; }

 private:
  enum class Part : std::uint8_t { size, data, data_end, trailer, done };

  bool take_size_line(std::string_view line, std::size_t body_bytes);
  bool take_trailer_line(std::string_view line);
  bool count_extra(std::size_t bytes);
  bool refuse(unsigned status, std::string_view code, std::string detail);

  const HttpLimits* limits_;
  Part part_ = Part::size;
  std::uint64_t data_left_ = 0;  // of the chunk
  std::size_t extra_bytes_ = 0;  // of extensions and trailer
  std::size_t trailer_lines_ = 0;
  std::optional<HttpRefusal> refusal_;
};

}  // namespace oee
