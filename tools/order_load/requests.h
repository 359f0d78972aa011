// Requests: the bytes of the HTTP requests that order-load sends. Owned by LoadRun, on its thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/order/ids.h"
#include "tools/order_load/options.h"

namespace oee::load {

// The value of the Host header: HOST:PORT, an IPv6 address in brackets.
std::string host_header(const Options& options);

class Requests {
 public:
  explicit Requests(const Options& options);

  // POST of order number `index`, of the type that --mix gives it. With --keys its clientOrderId
  // contains `index`. Valid until the next call.
  std::string_view submit(std::uint64_t index);
  // GET of one order.
  std::string lookup(const OrderId& id) const;

 private:
  // A whole POST; the digits of its key and of its price are replaced in place.
  struct Submit {
    std::string bytes;
    std::size_t key_digits_at = 0;
    std::size_t price_at = 0;
    std::size_t price_size = 0;   // of the text
    std::uint64_t price_low = 0;  // without the point
    std::uint64_t prices = 0;     // from price_low on; 0: all orders have the same
  };
  // `run`: a number that no other run has. `terms`: members of the body, each after a comma.
  // `amount`: the name of the member with --amount.
  Submit submit_of(const Options& options, std::uint64_t run, const std::string& terms,
                   const std::string& amount = "amount") const;
  // With a member for the price.
  Submit priced_submit_of(const Options& options, std::uint64_t run, const std::string& terms,
                          const std::string& member, const PriceRange& price) const;

  const bool keys_;
  const Mix mix_;
  std::string lookup_tail_;                               // of a lookup, after the order id
  std::array<Submit, std::tuple_size_v<Mix>> submits_{};  // by kind
};

}  // namespace oee::load
