// AddressRange: a network of client addresses, such as 10.0.0.0/8 or 2001:db8::/32. A value; any
// thread.
#pragma once

#include <array>
#include <string_view>

#include "api/http/socket.h"
#include "core/base/result.h"

namespace oee {

class AddressRange {
 public:
  // ADDRESS or ADDRESS/PREFIX; without a prefix, that address alone. invalid: the detail is "must
  // be ...". Refused are an address with bits after the prefix, an IPv4 address written as IPv6,
  // and an address with a zone.
  static Result<AddressRange> parse(std::string_view text);

  // An IPv4 client of a socket for both families counts as IPv4.
  bool contains(const Socket::Address& address) const;

 private:
  struct Bytes {
    bool v4 = false;
    std::array<unsigned char, 16> bytes{};  // IPv4: the first four
  };
  static Bytes bytes_of(const Socket::Address& address);

  Bytes network_;
  unsigned prefix_ = 0;  // bits
};

}  // namespace oee
