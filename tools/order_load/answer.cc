#include "tools/order_load/answer.h"

#include <algorithm>
#include <charconv>

namespace oee::load {

namespace {

bool same_name(std::string_view a, std::string_view lower) {
  return a.size() == lower.size() &&
         std::equal(a.begin(), a.end(), lower.begin(), [](char x, char y) {
           return (x >= 'A' && x <= 'Z' ? static_cast<char>(x + 32) : x) == y;
         });
}

template <class Number>
bool parse_number(std::string_view text, Number* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

AnswerState parse_answer(std::string_view bytes, Answer* answer, std::size_t* used) {
  const std::size_t head_end = bytes.find("\r\n\r\n");
  if (head_end == std::string_view::npos) {
    return bytes.size() > 64 * 1024 ? AnswerState::malformed : AnswerState::incomplete;
  }
  const std::string_view head = bytes.substr(0, head_end + 2);
  *answer = Answer{};
  if (!head.starts_with("HTTP/1.") || !parse_number(head.substr(9, 3), &answer->status)) {
    return AnswerState::malformed;
  }
  std::optional<std::size_t> length;
  std::size_t at = head.find("\r\n") + 2;
  while (at < head.size()) {
    const std::size_t end = head.find("\r\n", at);
    const std::string_view line = head.substr(at, end - at);
    at = end + 2;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return AnswerState::malformed;
    const std::string_view name = line.substr(0, colon);
    std::string_view value = line.substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    if (same_name(name, "content-length")) {
      std::size_t number = 0;
      if (!parse_number(value, &number)) return AnswerState::malformed;
      length = number;
    } else if (same_name(name, "retry-after")) {
      int seconds = 0;
      if (parse_number(value, &seconds) && seconds >= 0)
        answer->retry_after = std::chrono::seconds(seconds);
    } else if (same_name(name, "connection")) {
      answer->keep_alive = !same_name(value, "close");
    } else if (same_name(name, "idempotent-replayed")) {
      answer->replayed = value == "true";
    }
  }
  if (!length && answer->status != 204) return AnswerState::malformed;
  *used = head_end + 4 + length.value_or(0);
  if (bytes.size() < *used) return AnswerState::incomplete;
  answer->body = bytes.substr(head_end + 4, length.value_or(0));
  return AnswerState::complete;
}

std::string_view json_text(std::string_view json, std::string_view key) {
  for (std::size_t at = json.find(key); at != std::string_view::npos; at = json.find(key, at + 1)) {
    const std::size_t end = at + key.size();
    if (at == 0 || json[at - 1] != '"' || end >= json.size() || json[end] != '"') continue;
    std::size_t value = json.find_first_not_of(" :", end + 1);
    if (value == std::string_view::npos || json[value] != '"') continue;
    const std::size_t close = json.find('"', ++value);
    return close == std::string_view::npos ? std::string_view{} : json.substr(value, close - value);
  }
  return {};
}

}  // namespace oee::load
