#include "core/base/json_writer.h"

#include <cstdint>

#include "core/base/bytes.h"

namespace oee {
namespace {

// Length of the well-formed UTF-8 sequence at `at` (RFC 3629: no overlong forms, no surrogates, at
// most U+10FFFF); 0 when there is none.
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<std::uint8_t>(text[i]) : std::uint8_t{0};
  };
  const auto continues = [&](std::size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const std::uint8_t first = byte(at), second = byte(at + 1);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(at + 1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if (!continues(at + 1) || !continues(at + 2)) return 0;
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F)) return 0;
    return 3;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if (!continues(at + 1) || !continues(at + 2) || !continues(at + 3)) return 0;
    if ((first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) return 0;
    return 4;
  }
  return 0;
}

constexpr std::uint64_t every_byte = 0x0101010101010101;

// True when none of the eight bytes needs an escape or is part of a longer UTF-8 sequence. A byte b
// below n (n <= 0x80) borrows in b - n and has no top bit. A borrow from the neighbouring byte can
// only turn a true answer into false; the caller then examines the bytes one by one.
bool are_plain(const char* text) {
  const auto bytes = load_le<std::uint64_t>(text);
  const auto below = [](std::uint64_t of, std::uint64_t n) { return (of - every_byte * n) & ~of; };
  return ((bytes | below(bytes, 0x20) | below(bytes ^ every_byte * '"', 1) |
           below(bytes ^ every_byte * '\\', 1)) &
          every_byte * 0x80) == 0;
}

void append_control(std::string& out, char c) {
  constexpr char digits[] = "0123456789abcdef";
  switch (c) {
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += digits[static_cast<std::uint8_t>(c) >> 4];
      out += digits[static_cast<std::uint8_t>(c) & 15];
  }
}

}  // namespace

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

void cut_utf8(std::string& text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<std::uint8_t>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
}

void append_json_escaped(std::string& out, std::string_view text) {
  std::size_t plain = 0;  // start of the run not yet copied
  std::size_t at = 0;
  const auto flush = [&] { out += text.substr(plain, at - plain); };
  while (at < text.size()) {
    if (at + 8 <= text.size() && are_plain(text.data() + at)) {
      at += 8;
      continue;
    }
    const char c = text[at];
    if (static_cast<std::uint8_t>(c) >= 0x20 && static_cast<std::uint8_t>(c) < 0x80 && c != '"' &&
        c != '\\') {
      ++at;
      continue;
    }
    if (static_cast<std::uint8_t>(c) >= 0x80) {
      if (const std::size_t length = utf8_length(text, at)) {
        at += length;
        continue;
      }
      flush();
      out += "\\ufffd";
    } else {
      flush();
      if (c == '"' || c == '\\') {
        out += '\\';
        out += c;
      } else {
        append_control(out, c);
      }
    }
    plain = ++at;
  }
  flush();
}

void append_terminal_escaped(std::string& out, std::string_view text) {
  std::string escaped;
  append_json_escaped(escaped, text);
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    const auto byte = static_cast<unsigned char>(escaped[i]);
    const auto next = static_cast<unsigned char>(i + 1 < escaped.size() ? escaped[i + 1] : '\0');
    if (byte == 0x7F) {
      out += "\\u007f";
    } else if (byte == 0xC2 && next >= 0x80 && next <= 0x9F) {
      constexpr std::string_view digits = "0123456789abcdef";
      out += "\\u00";
      out += digits[next >> 4];
      out += digits[next & 15];
      ++i;
    } else {
      out += escaped[i];
    }
  }
}

}  // namespace oee
