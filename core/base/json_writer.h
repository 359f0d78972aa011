// JsonWriter: appends JSON to a string, for the hot path. It builds no tree and sets the commas.
// One thread.
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
// The same, and escapes the other characters that a terminal may obey: DEL and the C1 control
// characters.
void append_terminal_escaped(std::string& out, std::string_view text);

// Whether the text is well-formed UTF-8 (RFC 3629).
bool is_utf8(std::string_view text);
// Cuts the text to `bytes_max`, or to a little less: not within a character.
void cut_utf8(std::string& text, std::size_t bytes_max);

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

  // REQUIRES: `name` needs no escapes. The names of our own fields need none.
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
  // A string with the text that append_text() writes: an id, a hash, a time or a decimal. Such a
  // text needs no escapes.
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
  // REQUIRES: `json` is one complete JSON value.
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
