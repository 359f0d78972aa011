#include "api/http/tls.h"

#include <openssl/ssl.h>

#include <string>

namespace oee {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

// RFC 7301 3.2: a client that offers protocols, but not http/1.1, is refused.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned offered_size, void*) {
  static constexpr unsigned char ours[] = "\x08http/1.1";
  unsigned char* found = nullptr;
  const int result =
      SSL_select_next_proto(&found, chosen_size, ours, sizeof ours - 1, offered, offered_size);
  *chosen = found;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

Error bad(const char* key, const std::filesystem::path& file, const error_code& error) {
  return Error{Errc::invalid,
               std::string(key) + " " + file.string() + " cannot be used: " + error.message()};
}

}  // namespace

Result<std::shared_ptr<TlsContext>> load_tls(const std::filesystem::path& certificate_file,
                                             const std::filesystem::path& key_file) {
  auto context = std::make_shared<TlsContext>(TlsContext::tls_server);
  SSL_CTX* native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(
      native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);  // idle WebSockets: 34 KB less each
  SSL_CTX_set_alpn_select_cb(native, choose_protocol, nullptr);
  error_code error;
  // Without this callback OpenSSL would ask for the passphrase on the terminal.
  const auto no_passphrase = [](std::size_t, TlsContext::password_purpose) {
    return std::string();
  };
  context->set_password_callback(no_passphrase, error);
  context->use_certificate_chain_file(certificate_file.string(), error);
  if (error) return bad("tls-cert", certificate_file, error);
  context->use_private_key_file(key_file.string(), TlsContext::pem, error);
  if (error) return bad("tls-key", key_file, error);
  if (SSL_CTX_check_private_key(native) != 1) {
    return Error{Errc::invalid, "tls-key " + key_file.string() + " is not the key of tls-cert " +
                                    certificate_file.string()};
  }
  return context;
}

}  // namespace oee
