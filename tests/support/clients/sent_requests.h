// SentRequests: what a client of exact bytes has asked on one connection, hostile or not, so that
// each answer is held against the contract of the operation that its request line names. What
// names none may only be refused as the server refuses anything. One thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tests/support/clients/contract.h"

namespace oee::test {

// The type of answers that a test's own handler gives: they are of no contract.
inline constexpr std::string_view echo_type = "text/x-echo";

struct RawResponse {
  int status = 0;
  std::string head;  // status line and headers, with the empty line
  std::string body;

  std::string header(std::string_view name) const {
    const std::string needle = "\r\n" + std::string(name) + ": ";
    const auto at = head.find(needle);
    if (at == std::string::npos) return "";
    const auto begin = at + needle.size();
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }
};

class SentRequests {
 public:
  void add(std::string_view bytes) { sent_ += bytes; }
  // Takes the next answer from the beginning of what has come in, and holds it against the
  // contract. Empty: it is not complete yet, and nothing is taken. Of a stream the head is all.
  std::optional<RawResponse> take_answer(std::string& in);

 private:
  // The operation that the request at the beginning of `sent_` names; "" and "": none.
  SeenAnswer next_request() const;
  void forget_request();

  std::string sent_;  // from the first request that is not answered
};

}  // namespace oee::test
