#include "api/http/socket.h"

#include <algorithm>

namespace oee {

boost::asio::ip::address network_of(const boost::asio::ip::address& address) {
  namespace ip = boost::asio::ip;
  if (address.is_v4()) return address;
  if (address.to_v6().is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, address.to_v6());
  constexpr std::size_t network_bytes = 8;
  auto bytes = address.to_v6().to_bytes();
  std::fill(bytes.begin() + network_bytes, bytes.end(), std::uint8_t{0});
  return ip::address_v6(bytes);
}

}  // namespace oee
