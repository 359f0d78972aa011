#include "projections/redis/url.h"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>

namespace oee {

namespace {

Error bad_url(std::string what) {
  return Error{Errc::invalid, "redis url: " + std::move(what)};
}

template <class N>
bool read_number(std::string_view text, N* value) {
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, *value);
  return parsed.ec == std::errc{} && parsed.ptr == end;
}

}  // namespace

Result<RedisUrl> parse_redis_url(std::string_view text) {
  const auto parsed = boost::urls::parse_uri(boost::core::string_view(text.data(), text.size()));
  if (!parsed) return bad_url("not a URL of the form redis://[user:password@]host[:port][/db]");
  const boost::urls::url_view& view = *parsed;
  if (view.scheme() == "rediss") return bad_url("TLS (rediss://) is not supported");
  if (view.scheme() != "redis") return bad_url("the scheme must be redis://");
  if (view.has_query() || view.has_fragment()) return bad_url("no query or fragment is expected");

  RedisUrl url;
  if (view.host_type() == boost::urls::host_type::ipv6) {
    url.host = view.host_address();
  } else if (view.has_authority() && !view.host().empty()) {
    url.host = view.host();
  } else {
    return bad_url("the host is missing");
  }
  url.user = view.user();
  url.password = view.password();
  // redis://secret@host is a common mistake for redis://:secret@host: it would log in as a user
  // named "secret" without a password.
  if (!url.user.empty() && url.password.empty())
    return bad_url("a user without a password (a password alone is written :password@)");
  if (view.has_port() && !view.port().empty()) {
    if (!read_number(std::string_view(view.port().data(), view.port().size()), &url.port) ||
        url.port == 0)
      return bad_url("the port must be 1 to 65535");
  }
  std::string path(view.path());
  if (!path.empty() && path != "/" && !read_number(std::string_view(path).substr(1), &url.db))
    return bad_url("the database must be a number");
  return url;
}

std::string redis_name(const RedisUrl& url) {
  const bool v6 = url.host.find(':') != std::string::npos;
  return "redis " + (v6 ? '[' + url.host + ']' : url.host) + ':' + std::to_string(url.port);
}

}  // namespace oee
