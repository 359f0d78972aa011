// SentRequests: the bytes that a client has sent on one connection, hostile or not. Each answer is
// checked against the contract of the operation that its request line names. A request that names
// none may only get one of the server's general refusals. One thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tests/support/clients/contract.h"

namespace oee::test {

// The content type of answers from a test's own handler, which have no contract.
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
  // Removes the next answer from the beginning of `in` and checks it against the contract. Empty:
  // the answer is not complete, and nothing is removed. The answer of a stream is its head.
  std::optional<RawResponse> take_answer(std::string& in);

 private:
  // The operation that the request at the beginning of `sent_` names. Method and target are empty
  // when it names none.
  SeenAnswer next_request() const;
  void forget_request();

  std::string sent_;  // from the first unanswered request on
};

}  // namespace oee::test
