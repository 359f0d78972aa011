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

  // POST of order number `index`. With --keys its clientOrderId contains `index`. Valid until the
  // next call.
  std::string_view submit(std::uint64_t index);
  // GET of one order.
  std::string lookup(const OrderId& id) const;

 private:
  const bool keys_;
  std::string lookup_tail_;        // the bytes of a lookup after the order id
  std::string submit_;             // a whole POST; the digits of its key are replaced in place
  std::size_t key_digits_at_ = 0;  // in submit_
};

}  // namespace oee::load
