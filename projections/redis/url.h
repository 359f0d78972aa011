// RedisUrl: the parts of redis://[user:password@]host[:port][/db]. Pure. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace oee {

struct RedisUrl {
  std::string host = "127.0.0.1";  // an IPv6 address without its brackets
  std::uint16_t port = 6379;
  std::string user;      // empty: Redis's default user
  std::string password;  // empty: none; never logged
  unsigned db = 0;
};

// invalid: the message names the mistake and never quotes the user or the password.
Result<RedisUrl> parse_redis_url(std::string_view url);

// For messages: "redis 127.0.0.1:6379".
std::string redis_name(const RedisUrl& url);

}  // namespace oee
