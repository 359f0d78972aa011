// Append-only JSON writer for the hot path: writes straight into a string, no tree, commas by
// itself.
//   JsonWriter w(out); w.object([&]{ w.key("seq").number(7); w.key("status").text("pending"); });
#pragma once

#include <charconv>
#include <concepts>
#include <string>
#include <string_view>

#include "core/base/decimal.h"
#include "core/base/time.h"

namespace oee {

// Appends `text` with JSON's escapes, without quotes. Invalid UTF-8 bytes become U+FFFD.
void append_json_escaped(std::string& out, std::string_view text);
// The same, with what else a terminal might obey (DEL, C1 control characters) escaped as well.
void append_terminal_escaped(std::string& out, std::string_view text);

class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}  // borrows `out`

  template <class Body>
  JsonWriter& object(Body&& body) {
    open('{');
    body();
    return close('}');
  }
  template <class Body>
  JsonWriter& array(Body&& body) {
    open('[');
    body();
    return close(']');
  }

  // `name` must need no escaping (our own field names).
  JsonWriter& key(std::string_view name) {
    comma();
    out_ += '"';
    out_ += name;
    out_ += "\":";
    after_key_ = true;
    return *this;
  }
  JsonWriter& text(std::string_view value) {
    comma();
    out_ += '"';
    append_json_escaped(out_, value);
    out_ += '"';
    return *this;
  }
  // What append_text() makes of `value`: an id, a hash, a time, a decimal. It needs no escapes.
  template <class Value>
  JsonWriter& text_of(const Value& value) {
    comma();
    out_ += '"';
    append_text(out_, value);
    out_ += '"';
    return *this;
  }
  template <std::integral N>
  JsonWriter& number(N value) {
    comma();
    char digits[24];
    auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    out_.append(digits, end);
    return *this;
  }
  JsonWriter& boolean(bool value) { return raw(value ? "true" : "false"); }
  JsonWriter& null() { return raw("null"); }
  // Exact decimal as a JSON string ("1.5") or as a JSON number (1.5).
  JsonWriter& decimal_text(Decimal value) { return text_of(value); }
  JsonWriter& decimal_number(Decimal value) {
    comma();
    append_text(out_, value);
    return *this;
  }
  // `json` is a complete JSON value made elsewhere.
  JsonWriter& raw(std::string_view json) {
    comma();
    out_ += json;
    return *this;
  }

 private:
  void comma() {
    if (after_key_) {
      after_key_ = false;
    } else if (!first_) {
      out_ += ',';
    }
    first_ = false;
  }
  void open(char bracket) {
    comma();
    out_ += bracket;
    first_ = true;
  }
  JsonWriter& close(char bracket) {
    out_ += bracket;
    first_ = false;
    return *this;
  }
  std::string& out_;
  bool first_ = true;
  bool after_key_ = false;
};

}  // namespace oee
