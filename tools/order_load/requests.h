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
  };
  // `run`: a number that no other run has. `terms`: members of the body, each after a comma.
  Submit submit_of(const Options& options, std::uint64_t run, const std::string& terms) const;

  const bool keys_;
  const std::uint32_t limit_percent_;
  const std::size_t price_size_;  // of the text
  const std::uint32_t twap_percent_;
  std::uint64_t price_low_ = 0;  // of limit orders, without the point
  std::uint64_t prices_ = 0;     // from price_low_ on; 0: all have the same
  std::string lookup_tail_;      // the bytes of a lookup after the order id
  Submit market_;
  Submit limit_;
  Submit twap_;
};

}  // namespace oee::load
