// SimRequest: a request of a client, and how a simulated process serves it: through production's
// routes, without TCP. One thread.
#pragma once

#include <boost/beast/http/field.hpp>
#include <functional>
#include <string>

#include "api/http/message.h"

namespace oee::sim {

struct SimRequest {
  std::string method;
  std::string target;
  std::string body;
  std::string idempotency_key;
  std::string if_match;
  std::string accept;
};

// `done` gets the answer if the process is alive then. `alive` outlives the call.
inline Task<void> serve(HttpHandler& handler, SimRequest request, const bool& alive,
                        std::function<void(HttpAnswer)> done) {
  namespace http = boost::beast::http;
  BeastRequest message;
  message.method_string(request.method);
  message.target(request.target);
  message.set(http::field::host, "engine");
  if (!request.body.empty()) message.set(http::field::content_type, "application/json");
  if (!request.idempotency_key.empty()) message.set("Idempotency-Key", request.idempotency_key);
  if (!request.if_match.empty()) message.set(http::field::if_match, request.if_match);
  if (!request.accept.empty()) message.set(http::field::accept, request.accept);
  message.body() = std::move(request.body);
  const std::string_view request_id = "sim";
  const Socket::Address unspecified;
  HttpAnswer answer = co_await handler.handle(message, request_id, unspecified);
  if (alive) done(std::move(answer));
}

}  // namespace oee::sim
