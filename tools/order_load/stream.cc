#include "tools/order_load/stream.h"

#include <boost/asio/buffer.hpp>

namespace oee::load {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;

Stream::Stream(asio::io_context& io, const Server& server, std::string host, std::string token,
               Listener& listener)
    : io_(io),
      server_(server),
      host_(std::move(host)),
      token_(std::move(token)),
      listener_(listener),
      pause_(io) {}

void Stream::connect() {
  const std::uint64_t generation = ++generation_;
  socket_ = std::make_unique<Socket>(io_, server_);
  socket_->read_message_max(16 * 1024 * 1024);
  if (!token_.empty()) {
    const auto authorize = [token = token_](beast::websocket::request_type& request) {
      request.set(beast::http::field::authorization, "Bearer " + token);
    };
    socket_->set_option(beast::websocket::stream_base::decorator(authorize));
  }
  socket_->next_layer().async_connect([this, generation](const error_code& error) {
    if (generation != generation_) return;
    if (error) return fail(error.message());
    socket_->async_handshake(host_, "/ws", [this, generation](const error_code& failed) {
      if (generation != generation_) return;
      if (failed) return fail(failed.message());
      subscribe(generation);
    });
  });
}

void Stream::subscribe(std::uint64_t generation) {
  subscription_ = R"({"type":"subscribe","channel":"orders","batch":true)";
  if (last_seq_) subscription_ += ",\"after\":" + std::to_string(*last_seq_);
  subscription_ += "}";
  socket_->text(true);
  socket_->async_write(asio::buffer(subscription_),
                       [this, generation](const error_code& error, std::size_t) {
                         if (generation != generation_) return;
                         if (error) return fail(error.message());
                         read(generation);
                       });
}

void Stream::read(std::uint64_t generation) {
  buffer_.clear();
  socket_->async_read(buffer_, [this, generation](const error_code& error, std::size_t) {
    if (generation != generation_) return;
    if (error) {
      const auto& reason = socket_->reason();
      return fail(error.message() + (reason.code == 0 ? ""
                                                      : " (" + std::to_string(reason.code) + " " +
                                                            reason.reason.c_str() + ")"));
    }
    const auto data = buffer_.data();
    take({static_cast<const char*>(data.data()), data.size()});
    if (generation == generation_) read(generation);
  });
}

void Stream::take(std::string_view message) {
  const MessageSeen seen = read_message(message, [this](const UpdateSeen& update) {
    if (last_seq_ && update.seq <= *last_seq_) {
      listener_.on_stream_disorder("seq " + std::to_string(update.seq) + " after " +
                                   std::to_string(*last_seq_));
    }
    last_seq_ = update.seq;
    listener_.on_update(update);
  });
  if (seen.type == "subscribed") {
    if (!last_seq_) last_seq_ = seen.after;
    listener_.on_subscribed();
  } else if (seen.type == "caughtUp") {
    if (!last_seq_ || seen.seq > *last_seq_) last_seq_ = seen.seq;
  } else if (seen.type != "update" && seen.type != "updates") {
    fail("the server sent " + std::string(message.substr(0, 200)));
  }
}

void Stream::fail(const std::string& why) {
  ++generation_;
  socket_->next_layer().close();
  listener_.on_stream_broken(why);
  pause_.expires_after(std::chrono::milliseconds(250));
  pause_.async_wait([this](const error_code& error) {
    if (!error) connect();
  });
}

}  // namespace oee::load
