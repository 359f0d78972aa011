// Just enough HTTP/1.1 to read the answers of order-engine, from bytes as they come.
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

// Parses one answer at the start of `bytes`; `used` is its length. Views live as long as `bytes`.
// malformed: not HTTP/1.x, or a form that order-engine never sends (no Content-Length).
AnswerState parse_answer(std::string_view bytes, Answer* answer, std::size_t* used);

// The text of a string member of a flat JSON object, or empty. The values looked for have no
// escapes.
std::string_view json_text(std::string_view json, std::string_view key);

}  // namespace oee::load
