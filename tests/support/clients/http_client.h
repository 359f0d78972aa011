// A small synchronous HTTP client for tests: one connection, reopened when the server closed it.
// Every answer is checked against the contract. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace oee::test {

struct HttpReply {
  int status = 0;                              // 0: no answer (refused, cut off or late)
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

class HttpClient {
 public:
  explicit HttpClient(std::uint16_t port,
                      std::chrono::milliseconds timeout = std::chrono::seconds(20));
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;

  HttpReply get(const std::string& target) { return send("GET", target, {}, {}); }
  HttpReply del(const std::string& target) { return send("DELETE", target, {}, {}); }
  HttpReply post(const std::string& target, const std::string& json,
                 const std::map<std::string, std::string>& headers = {}) {
    return send("POST", target, json, headers);
  }
  HttpReply send(const std::string& method, const std::string& target, const std::string& body,
                 const std::map<std::string, std::string>& headers);

 private:
  // Beast is costly to compile: the test files do not see it.
  class Connection;
  const std::uint16_t port_;
  const std::unique_ptr<Connection> connection_;
};

}  // namespace oee::test
