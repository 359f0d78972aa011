#include "api/http/server/chunk_decoder.h"

#include <algorithm>
#include <charconv>

namespace oee {
namespace {

constexpr std::size_t size_digits_max = 16;

bool is_hexadecimal(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// A line without its CR LF may hold visible characters, spaces and tabs, and bytes above ASCII.
bool is_line(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= ' ' && byte != 0x7F);
  });
}

// RFC 9110 5.6.2.
bool is_token(std::string_view text) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           others.find(c) != others.npos;
  });
}

}  // namespace

bool ChunkDecoder::refuse(unsigned status, std::string_view code, std::string detail) {
  refusal_ = HttpRefusal{status, code, std::move(detail)};
  return false;
}

bool ChunkDecoder::count_extra(std::size_t bytes) {
  extra_bytes_ += bytes;
  if (extra_bytes_ <= limits_->header_bytes_max) return true;
  return refuse(431, "headers_too_large",
                "The chunks' extensions and trailer are larger than " +
                    std::to_string(limits_->header_bytes_max) + " bytes.");
}

std::size_t ChunkDecoder::read(std::string_view bytes, std::string& body) {
  std::size_t taken = 0;
  while (!done() && !refusal_) {
    const std::string_view rest = bytes.substr(taken);
    if (part_ == Part::data) {
      const std::size_t size =
          static_cast<std::size_t>(std::min<std::uint64_t>(data_left_, rest.size()));
      body.append(rest.substr(0, size));
      taken += size;
      data_left_ -= size;
      if (data_left_ > 0) break;
      part_ = Part::data_end;
      continue;
    }
    const std::size_t line_end = rest.find('\n');
    if (line_end == rest.npos) {
      const std::size_t line_max = size_digits_max + limits_->header_bytes_max;
      if (part_ == Part::data_end && rest.size() > 1) {
        refuse(400, "bad_request", "A chunk is longer than its size.");
      } else if (rest.size() > line_max + 1) {  // and a CR
        count_extra(rest.size());
      }
      break;
    }
    if (line_end == 0 || rest[line_end - 1] != '\r') {
      refuse(400, "bad_request", "A line between the chunks ends without CR LF.");
      break;
    }
    const std::string_view line = rest.substr(0, line_end - 1);
    taken += line_end + 1;
    if (part_ == Part::size) {
      take_size_line(line, body.size());
    } else if (part_ == Part::trailer) {
      take_trailer_line(line);
    } else if (line.empty()) {
      part_ = Part::size;
    } else {
      refuse(400, "bad_request", "A chunk is longer than its size.");
    }
  }
  return taken;
}

bool ChunkDecoder::take_size_line(std::string_view line, std::size_t body_bytes) {
  const auto digits_end = std::find_if_not(line.begin(), line.end(), is_hexadecimal);
  const auto digits = static_cast<std::size_t>(digits_end - line.begin());
  std::string_view extension = line.substr(digits);
  std::uint64_t size = 0;
  if (digits == 0 || digits > size_digits_max ||
      std::from_chars(line.data(), line.data() + digits, size, 16).ec != std::errc())
    return refuse(400, "bad_request", "The size of a chunk is not a hexadecimal number.");
  extension.remove_prefix(std::min(extension.find_first_not_of(" \t"), extension.size()));
  if (line.size() > digits && (!extension.starts_with(';') || !is_line(extension)))
    return refuse(400, "bad_request", "The size of a chunk is followed by no extension.");
  if (!count_extra(line.size() - digits)) return false;
  if (size > limits_->body_bytes_max - body_bytes) {
    return refuse(413, "body_too_large",
                  "The body is larger than " + std::to_string(limits_->body_bytes_max) + " bytes.");
  }
  data_left_ = size;
  part_ = size == 0 ? Part::trailer : Part::data;
  return true;
}

bool ChunkDecoder::take_trailer_line(std::string_view line) {
  if (line.empty()) {
    part_ = Part::done;
    return true;
  }
  if (++trailer_lines_ > limits_->header_count_max) {
    return refuse(
        431, "too_many_headers",
        "The trailer has more than " + std::to_string(limits_->header_count_max) + " fields.");
  }
  if (!is_token(line.substr(0, line.find(':'))) || line.find(':') == line.npos || !is_line(line))
    return refuse(400, "bad_request", "A field of the trailer is malformed.");
  return count_extra(line.size());
}

}  // namespace oee
