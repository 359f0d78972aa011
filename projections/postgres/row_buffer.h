// RowBuffer: rows of one table as canonical field texts, in one flat buffer. The same texts are
// copied into PostgreSQL, read back from it, compared and hashed. Pure; one thread at a time.
//
// Canonical texts:
//   decimal   shortest and exact: "1.5"
//   time      RFC 3339 in UTC with six decimals
//   boolean   "true" or "false"
//   id        lower-case
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/decimal.h"
#include "core/base/time.h"
#include "core/order/ids.h"

namespace oee {

class RowBuffer {
 public:
  // `columns`: fields in every row.
  explicit RowBuffer(std::size_t columns) : columns_(columns) {}

  // Each appends the next field; a row is complete with its last field.
  RowBuffer& null();
  // PostgreSQL refuses NUL and invalid UTF-8 in a text. Such bytes become U+FFFD, so that no text
  // in the log can stop the projection.
  RowBuffer& text(std::string_view value);
  RowBuffer& text_or_null(std::string_view value) { return value.empty() ? null() : text(value); }
  // REQUIRES: plain ASCII (names, hexadecimal digits), or a text that PostgreSQL returned.
  RowBuffer& ascii(std::string_view value);
  RowBuffer& ascii_or_null(std::string_view value) { return value.empty() ? null() : ascii(value); }
  // A JSON text of JsonWriter. jsonb refuses NUL: the escape of NUL becomes the escape of U+FFFD.
  RowBuffer& json(std::string_view value);
  RowBuffer& number(std::int64_t value);
  RowBuffer& number(std::uint64_t value);
  RowBuffer& number(std::uint32_t value) { return number(std::uint64_t{value}); }
  RowBuffer& number(std::int32_t value) { return number(std::int64_t{value}); }
  RowBuffer& boolean(bool value) { return ascii(value ? "true" : "false"); }
  RowBuffer& decimal(Decimal value);
  RowBuffer& time(WallTime value) { return ascii(format_rfc3339(value)); }
  RowBuffer& id(const OrderId& value);

  std::size_t columns() const { return columns_; }
  std::size_t rows() const { return fields_.size() / columns_; }
  bool empty() const { return fields_.empty(); }
  std::size_t bytes() const { return bytes_.size(); }
  void clear();

  // Empty when the field is null. The view is valid until the next change of the buffer.
  // REQUIRES: row < rows(), column < columns().
  std::optional<std::string_view> field(std::size_t row, std::size_t column) const;

  // Appends the rows in PostgreSQL's COPY text format, one line each.
  void append_copy_text(std::string& out) const;

 private:
  struct Field {
    // The end of its bytes; they begin at the end of the field before it.
    std::uint32_t end = 0;
    bool null = false;
  };
  RowBuffer& end_field(bool null = false);

  std::size_t columns_;
  std::string bytes_;
  std::vector<Field> fields_;
};

}  // namespace oee
