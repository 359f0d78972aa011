// The client's side of TLS: the authorities that order-load trusts. Main thread.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "core/base/result.h"

namespace oee::load {

// A context for TLS 1.2 or later. It trusts the authorities in the PEM file `ca_file`; the system's
// authorities when `ca_file` is empty; any certificate when `insecure`. invalid: the file cannot be
// used; the detail is one sentence.
Result<std::shared_ptr<boost::asio::ssl::context>> trust(const std::string& ca_file, bool insecure);

// Requests this host (SNI) and requires a certificate for it.
void expect_server(SSL* ssl, const std::string& host);

}  // namespace oee::load
