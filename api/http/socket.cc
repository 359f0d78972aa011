#include "api/http/socket.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

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

bool Socket::output_moved() {
  int bytes = 0;
  if (ioctl(tcp().native_handle(), SIOCOUTQ, &bytes) != 0) return false;
  return std::exchange(unacknowledged_, bytes) != bytes;
}

}  // namespace oee
