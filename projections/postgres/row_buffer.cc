#include "projections/postgres/row_buffer.h"

#include <algorithm>
#include <charconv>

namespace oee {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

// Length of the valid UTF-8 sequence at the beginning of `text`, 0 when there is none (RFC 3629).
std::size_t utf8_sequence(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return first == 0 ? 0 : 1;
  std::size_t length = 0;
  std::uint8_t second_min = 0x80, second_max = 0xBF;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    if (first == 0xE0) second_min = 0xA0;
    if (first == 0xED) second_max = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    if (first == 0xF0) second_min = 0x90;
    if (first == 0xF4) second_max = 0x8F;
  }
  if (length == 0 || text.size() < length) return 0;
  if (byte(1) < second_min || byte(1) > second_max) return 0;
  for (std::size_t i = 2; i < length; ++i)
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  return length;
}

// True when the backslash at `at` begins an escape and is not itself escaped.
bool begins_escape(std::string_view text, std::size_t at) {
  std::size_t before = 0;
  while (before < at && text[at - 1 - before] == '\\') ++before;
  return before % 2 == 0;
}

void append_copy_escaped(std::string& out, std::string_view text) {
  for (;;) {
    const std::size_t at = text.find_first_of("\\\t\n\r");
    out += text.substr(0, at);
    if (at == std::string_view::npos) return;
    out += '\\';
    switch (text[at]) {
      case '\t':
        out += 't';
        break;
      case '\n':
        out += 'n';
        break;
      case '\r':
        out += 'r';
        break;
      default:
        out += '\\';
    }
    text.remove_prefix(at + 1);
  }
}

}  // namespace

RowBuffer& RowBuffer::end_field(bool null) {
  check(bytes_.size() <= UINT32_MAX, "RowBuffer: more than 4 GB of rows");
  fields_.push_back({static_cast<std::uint32_t>(bytes_.size()), null});
  return *this;
}

RowBuffer& RowBuffer::null() {
  return end_field(true);
}

RowBuffer& RowBuffer::ascii(std::string_view value) {
  bytes_ += value;
  return end_field();
}

RowBuffer& RowBuffer::text(std::string_view value) {
  while (!value.empty()) {
    const auto plain = std::find_if(value.begin(), value.end(), [](char c) {
      return c == 0 || static_cast<std::uint8_t>(c) >= 0x80;
    });
    const auto length = static_cast<std::size_t>(plain - value.begin());
    bytes_ += value.substr(0, length);
    value.remove_prefix(length);
    if (value.empty()) break;
    const std::size_t sequence = utf8_sequence(value);
    bytes_ += sequence == 0 ? replacement : value.substr(0, sequence);
    value.remove_prefix(std::max<std::size_t>(sequence, 1));
  }
  return end_field();
}

RowBuffer& RowBuffer::json(std::string_view value) {
  constexpr std::string_view nul = "\\u0000";
  std::size_t at = value.find(nul);
  while (at != std::string_view::npos) {
    if (begins_escape(value, at)) {
      bytes_ += value.substr(0, at);
      bytes_ += "\\ufffd";
      value.remove_prefix(at + nul.size());
      at = value.find(nul);
    } else {
      at = value.find(nul, at + 1);
    }
  }
  return ascii(value);
}

RowBuffer& RowBuffer::number(std::int64_t value) {
  char digits[24];
  bytes_.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  return end_field();
}

RowBuffer& RowBuffer::number(std::uint64_t value) {
  char digits[24];
  bytes_.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  return end_field();
}

RowBuffer& RowBuffer::decimal(Decimal value) {
  append_text(bytes_, value);
  return end_field();
}

RowBuffer& RowBuffer::id(const OrderId& value) {
  append_text(bytes_, value);
  return end_field();
}

void RowBuffer::clear() {
  bytes_.clear();
  fields_.clear();
}

std::optional<std::string_view> RowBuffer::field(std::size_t row, std::size_t column) const {
  check(row < rows() && column < columns_, "RowBuffer::field out of range");
  const std::size_t at = row * columns_ + column;
  if (fields_[at].null) return std::nullopt;
  const std::size_t begin = at == 0 ? 0 : fields_[at - 1].end;
  return std::string_view(bytes_).substr(begin, fields_[at].end - begin);
}

void RowBuffer::append_copy_text(std::string& out) const {
  check(fields_.size() % columns_ == 0, "RowBuffer: incomplete row");
  out.reserve(out.size() + bytes_.size() + fields_.size() + bytes_.size() / 16);
  std::size_t begin = 0;
  std::size_t column = 0;
  for (const Field& field : fields_) {
    if (field.null) {
      out += "\\N";
    } else {
      append_copy_escaped(out, std::string_view(bytes_).substr(begin, field.end - begin));
    }
    begin = field.end;
    column = column + 1 == columns_ ? 0 : column + 1;
    out += column == 0 ? '\n' : '\t';
  }
}

}  // namespace oee
