#include "tools/order_load/tls.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/ip/address.hpp>

namespace oee::load {

namespace ssl = boost::asio::ssl;

Result<std::shared_ptr<ssl::context>> trust(const std::string& ca_file, bool insecure) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  boost::system::error_code error;
  if (!ca_file.empty()) {
    context->load_verify_file(ca_file, error);
    if (error) return Error{Errc::invalid, "--ca-file " + ca_file + ": " + error.message()};
  } else if (!insecure) {
    context->set_default_verify_paths(error);
    if (error)
      return Error{Errc::invalid, "the system's certificate authorities: " + error.message() +
                                      "; name a file with --ca-file"};
  }
  context->set_verify_mode(insecure ? ssl::verify_none : ssl::verify_peer);
  return context;
}

void expect_server(SSL* ssl, const std::string& host) {
  boost::system::error_code not_an_address;
  boost::asio::ip::make_address(host, not_an_address);
  X509_VERIFY_PARAM* wanted = SSL_get0_param(ssl);
  if (not_an_address) {
    SSL_set_tlsext_host_name(ssl, host.c_str());
    X509_VERIFY_PARAM_set1_host(wanted, host.c_str(), host.size());
  } else {
    X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str());
  }
}

}  // namespace oee::load
