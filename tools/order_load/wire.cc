#include "tools/order_load/wire.h"

#include "tools/order_load/tls.h"

namespace oee::load {

Wire::Wire(boost::asio::io_context& io, const Server& server)
    : server_(server), tcp_(io.get_executor()) {
  if (server.tls == nullptr) return;
  tls_ = std::make_unique<Tls>(std::move(tcp_), *server.tls);
  expect_server(tls_->native_handle(), server.host);
}

Wire::error_code Wire::connect() {
  error_code error;
  tcp().connect(server_.endpoint, error);
  if (!error && tls_) tls_->handshake(Tls::client, error);
  return error;
}

}  // namespace oee::load
