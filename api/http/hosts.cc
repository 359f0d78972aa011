#include "api/http/hosts.h"

#include <algorithm>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>

namespace oee {
namespace {

namespace ip = boost::asio::ip;

// Empty: the port is not a number.
std::string_view without_port(std::string_view host) {
  const std::size_t colon = host.find(':', host.starts_with('[') ? host.find(']') : 0);
  if (colon == host.npos) return host;
  const std::string_view port = host.substr(colon + 1);
  if (port.find_first_not_of("0123456789") != port.npos) return {};
  return host.substr(0, colon);
}

bool is_ip_address(std::string_view name) {
  boost::system::error_code error;
  if (!name.starts_with('[')) {
    ip::make_address_v4(name, error);
  } else if (!name.ends_with(']') || name.find('%') != name.npos) {
    return false;
  } else {
    ip::make_address_v6(name.substr(1, name.size() - 2), error);
  }
  return !error;
}

}  // namespace

// Not boost::beast::iequals: in Boost 1.81 it reads a byte past the end of a view.
bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [lower](char x, char y) { return lower(x) == lower(y); });
}

bool host_accepted(std::string_view host, const std::vector<std::string>& names) {
  std::string_view name = without_port(host);
  if (is_ip_address(name)) return true;
  if (name.ends_with('.')) name.remove_suffix(1);
  return same_name(name, "localhost") ||
         std::any_of(names.begin(), names.end(),
                     [name](const std::string& each) { return same_name(each, name); });
}

}  // namespace oee
