// Blocking TLS clients for tests. TlsClient sends exact bytes; SecureWsClient is a WebSocket. They
// trust every certificate. Every answer and frame is checked against the contract. One thread.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tests/support/clients/sent_requests.h"

namespace oee::test {

struct TlsClientOptions {
  int version_max = TLS1_3_VERSION;
  std::string_view alpn;  // in wire format: "\x08http/1.1"; empty: not offered
};

class TlsClient {
 public:
  explicit TlsClient(std::uint16_t port, const TlsClientOptions& options = {})
      : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free),
        ssl_(nullptr, SSL_free),
        fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    SSL_CTX_set_max_proto_version(context_.get(), options.version_max);
    SSL_CTX_set_security_level(context_.get(), 0);  // 0 allows old versions to be offered
    ssl_.reset(SSL_new(context_.get()));
    if (!options.alpn.empty())
      SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(options.alpn.data()),
                          static_cast<unsigned>(options.alpn.size()));
    const timeval wait{10, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return;
    SSL_set_fd(ssl_.get(), fd_);
    open_ = SSL_connect(ssl_.get()) == 1;
  }
  ~TlsClient() {
    ssl_.reset();
    ::close(fd_);
  }
  TlsClient(const TlsClient&) = delete;

  // Whether the handshake was completed.
  bool open() const { return open_; }
  std::string version() const { return SSL_get_version(ssl_.get()); }
  std::string protocol() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
  }
  // The common name of the server's certificate.
  std::string server() const {
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(
        SSL_get1_peer_certificate(ssl_.get()), X509_free);
    if (!certificate) return "";
    char name[256] = {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name,
                              sizeof name);
    return name;
  }
  bool send(std::string_view bytes) {
    requests_.add(bytes);
    return SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) > 0;
  }
  // The next response with its body. When the connection ends before, the bytes received so far.
  std::string response() {
    std::optional<RawResponse> answer;
    while (!(answer = requests_.take_answer(in_)))
      if (!more()) return in_;
    return answer->head + answer->body;
  }
  // Reads to the end. true: the server sent close_notify. false: the connection was cut, or the
  // server was late.
  bool ends_in_order() {
    while (more()) {
    }
    return SSL_get_shutdown(ssl_.get()) == SSL_RECEIVED_SHUTDOWN;
  }

 private:
  bool more() {
    char bytes[16'384];
    const int size = SSL_read(ssl_.get(), bytes, sizeof bytes);
    if (size <= 0) return false;
    in_.append(bytes, static_cast<std::size_t>(size));
    return true;
  }

  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  int fd_;
  bool open_ = false;
  SentRequests requests_;
  std::string in_;
};

// A blocking WebSocket over TLS.
class SecureWsClient {
 public:
  // `authorization`: a header of the upgrade; empty: none.
  explicit SecureWsClient(std::uint16_t port, const std::string& authorization = {})
      : ws_(io_, context_) {
    namespace asio = boost::asio;
    boost::system::error_code error;
    auto& tcp = boost::beast::get_lowest_layer(ws_);
    tcp.connect({asio::ip::address_v4::loopback(), port}, error);
    if (!error) ws_.next_layer().handshake(asio::ssl::stream_base::client, error);
    const auto authorize = [&authorization](boost::beast::websocket::request_type& request) {
      if (!authorization.empty())
        request.set(boost::beast::http::field::authorization, authorization);
    };
    ws_.set_option(boost::beast::websocket::stream_base::decorator(authorize));
    boost::beast::websocket::response_type response;
    const std::string host = "127.0.0.1:" + std::to_string(port);
    if (!error) ws_.handshake(response, host, "/ws", error);
    if (response.begin() != response.end()) expect_contract(seen_answer("GET", "/ws", response));
    open_ = !error;
  }
  bool open() const { return open_; }
  // Sends a message and returns the next one. Empty: the connection ended.
  std::string ask(const std::string& message) {
    boost::system::error_code error;
    ws_.write(boost::asio::buffer(message), error);
    return error ? "" : next();
  }
  // The next message. Empty: the connection ended.
  std::string next() {
    boost::system::error_code error;
    boost::beast::flat_buffer buffer;
    ws_.read(buffer, error);
    if (error) return "";
    std::string frame = boost::beast::buffers_to_string(buffer.data());
    expect_contract_frame("ws", frame);
    return frame;
  }

 private:
  boost::asio::io_context io_{1};
  boost::asio::ssl::context context_{boost::asio::ssl::context::tls_client};
  boost::beast::websocket::stream<boost::beast::ssl_stream<boost::asio::ip::tcp::socket>> ws_;
  bool open_ = false;
};

}  // namespace oee::test
