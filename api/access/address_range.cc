#include "api/access/address_range.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace oee {
namespace {

Error wrong(std::string detail) {
  return Error{Errc::invalid, std::move(detail)};
}

// Whether two addresses of one family begin with the same `bits` bits.
template <class Bytes>
bool same_start(const Bytes& a, const Bytes& b, unsigned bits) {
  const auto whole = static_cast<std::ptrdiff_t>(bits / 8);
  if (!std::equal(a.begin(), a.begin() + whole, b.begin())) return false;
  const unsigned rest = bits % 8;
  const auto at = static_cast<std::size_t>(whole);
  return rest == 0 || ((a[at] ^ b[at]) >> (8 - rest)) == 0;
}

}  // namespace

AddressRange::Bytes AddressRange::bytes_of(const Socket::Address& address) {
  namespace ip = boost::asio::ip;
  Bytes out;
  const bool mapped = address.is_v6() && address.to_v6().is_v4_mapped();
  out.v4 = address.is_v4() || mapped;
  if (out.v4) {
    const auto four = mapped ? ip::make_address_v4(ip::v4_mapped, address.to_v6()).to_bytes()
                             : address.to_v4().to_bytes();
    std::copy(four.begin(), four.end(), out.bytes.begin());
  } else {
    const auto sixteen = address.to_v6().to_bytes();
    std::copy(sixteen.begin(), sixteen.end(), out.bytes.begin());
  }
  return out;
}

Result<AddressRange> AddressRange::parse(std::string_view text) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  const std::string name(text.substr(0, slash));
  boost::system::error_code ec;
  const Socket::Address address = boost::asio::ip::make_address(name, ec);
  if (ec || name.find('%') != name.npos)
    return wrong("must be an IP address, or a network such as 10.0.0.0/8 or 2001:db8::/32");
  if (address.is_v6() && address.to_v6().is_v4_mapped()) return wrong("must be written as IPv4");
  AddressRange range;
  range.network_ = bytes_of(address);
  const unsigned bits = range.network_.v4 ? 32 : 128;
  range.prefix_ = bits;
  if (slash < text.size()) {
    const std::string_view digits = text.substr(slash + 1);
    const char* end = digits.data() + digits.size();
    const auto parsed = std::from_chars(digits.data(), end, range.prefix_);
    if (parsed.ec != std::errc() || parsed.ptr != end || range.prefix_ > bits)
      return wrong("must have a prefix of 0 to " + std::to_string(bits) + " bits");
  }
  for (unsigned bit = range.prefix_; bit < bits; ++bit) {
    if ((range.network_.bytes[bit / 8] >> (7 - bit % 8) & 1U) != 0)
      return wrong("must be zero after its first " + std::to_string(range.prefix_) + " bits");
  }
  return range;
}

bool AddressRange::contains(const Socket::Address& address) const {
  const Bytes client = bytes_of(address);
  return client.v4 == network_.v4 && same_start(client.bytes, network_.bytes, prefix_);
}

}  // namespace oee
