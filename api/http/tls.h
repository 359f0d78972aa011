// The server's side of TLS: a certificate and its key, loaded into an OpenSSL context. TLS 1.2 and
// 1.3 only, ALPN http/1.1, no renegotiation, no session cache (sessions resume by tickets).
#pragma once

#include <filesystem>
#include <memory>

#include "api/http/socket.h"
#include "core/base/result.h"

namespace oee {

// Reads a PEM certificate chain, the server's own certificate first, and its PEM key (without a
// passphrase). invalid: the detail names the file and the error. Blocking; main thread.
Result<std::shared_ptr<TlsContext>> load_tls(const std::filesystem::path& certificate_file,
                                             const std::filesystem::path& key_file);

}  // namespace oee
