// The Redis protocol (RESP2) as bytes in and out: hiredis without its connections. No I/O.
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

// Appends one command. Arguments may hold any bytes.
void append_redis_command(std::string& out, std::initializer_list<std::string_view> arguments);

// One reply, owned. Views live as long as it does.
class RedisReply {
 public:
  bool is_error() const;
  bool is_array() const;
  std::string_view text() const;  // of a string, status or error; else empty
  std::size_t size() const;       // elements of an array
  // Text of an array's element; empty when it is no string or not there.
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
  // The next whole reply among what was fed; empty: more bytes are needed.
  // corrupt: not the Redis protocol; the connection is then of no use.
  Result<std::optional<RedisReply>> next();

 private:
  struct Free {
    void operator()(redisReader* reader) const;
  };
  std::unique_ptr<redisReader, Free> reader_;
};

}  // namespace oee
