// A parser for the HTTP/1.1 answers of order-engine, and for nothing more.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace oee::load {

struct Answer {
  int status = 0;
  bool keep_alive = true;
  bool replayed = false;  // Idempotent-Replayed: true
  std::optional<std::chrono::seconds> retry_after;
  std::string_view body;
};

enum class AnswerState { incomplete, complete, malformed };

// Parses one answer at the start of `bytes`; `used` becomes its length. Views are valid as long as
// `bytes`. malformed: not HTTP/1.x, or a form that order-engine never sends (no Content-Length).
AnswerState parse_answer(std::string_view bytes, Answer* answer, std::size_t* used);

// The value of a string member of a flat JSON object; empty: there is none. Escapes are not
// decoded: the members that order-load reads have none.
std::string_view json_text(std::string_view json, std::string_view key);

}  // namespace oee::load
