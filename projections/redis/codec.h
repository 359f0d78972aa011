// The Redis protocol (RESP2) as bytes in and out: hiredis without its connections. No I/O; one
// thread at a time.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"

struct redisReader;
struct redisReply;

namespace oee {

// Appends one command. Arguments may contain any bytes. REQUIRES: at most eight arguments.
void append_redis_command(std::string& out, std::initializer_list<std::string_view> arguments);

// One reply, owned. Its views are valid as long as the reply.
class RedisReply {
 public:
  bool is_error() const;
  bool is_array() const;
  std::string_view text() const;  // the text of a string, status or error; else empty
  std::size_t size() const;       // the number of an array's elements; else 0
  // The text of an array's element; empty when the element is not a string or does not exist.
  std::string_view text_at(std::size_t index) const;

 private:
  friend class RedisReader;
  struct Free {
    void operator()(redisReply* reply) const;
  };
  explicit RedisReply(redisReply* reply) : reply_(reply) {}
  std::unique_ptr<redisReply, Free> reply_;
};

class RedisReader {
 public:
  RedisReader();
  void feed(std::string_view bytes);
  // The next whole reply among the bytes that were fed; empty: more bytes are needed.
  // corrupt: not the Redis protocol, or a reply of more than 8 MB; the connection must then be
  // closed.
  Result<std::optional<RedisReply>> next();

 private:
  struct Free {
    void operator()(redisReader* reader) const;
  };
  std::unique_ptr<redisReader, Free> reader_;
};

}  // namespace oee
