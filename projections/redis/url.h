// redis://[user:password@]host[:port][/db], taken apart. Pure.
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

// invalid: names what is wrong, never quoting the user information.
Result<RedisUrl> parse_redis_url(std::string_view url);

// "redis 127.0.0.1:6379", for messages.
std::string redis_name(const RedisUrl& url);

}  // namespace oee
