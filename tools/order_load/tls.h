// The client's side of TLS: whom order-load trusts. Main thread.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "core/base/result.h"

namespace oee::load {

// TLS 1.2 or later. Trusts the system's certificate authorities, or those in the PEM file `ca_file`
// instead; with `insecure` anybody. invalid: one sentence, the file cannot be used.
Result<std::shared_ptr<boost::asio::ssl::context>> trust(const std::string& ca_file, bool insecure);

// Asks for this host (SNI), and for a certificate that is for it.
void expect_server(SSL* ssl, const std::string& host);

}  // namespace oee::load
