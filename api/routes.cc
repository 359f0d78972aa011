#include "api/routes.h"

#include <array>
#include <boost/beast/http/verb.hpp>

#include "api/endpoints.h"

namespace oee {
namespace {

namespace http = boost::beast::http;
using http::verb;

// What a route does with a query string.
enum class Query : std::uint8_t {
  read,     // by its endpoint, which refuses what it does not know
  refused,  // it has none
  ignored,  // probes and browsers add their own
};
enum class Needs : std::uint8_t { nothing, log };  // log: a gateway has none

struct Route {
  verb method;
  std::string_view pattern;  // at most one "{id}", a whole segment
  Task<HttpAnswer> (Endpoints::*endpoint)(Call);
  Query query = Query::refused;
  Needs needs = Needs::nothing;
};

constexpr std::array routes = {
    Route{verb::post, "/v1/orders", &Endpoints::place_order, Query::refused, Needs::log},
    Route{verb::get, "/v1/orders", &Endpoints::orders, Query::read},
    Route{verb::get, "/v1/orders/{id}", &Endpoints::order, Query::read},
    Route{verb::delete_, "/v1/orders/{id}", &Endpoints::cancel_order, Query::refused, Needs::log},
    Route{verb::get, "/v1/orders/{id}/events", &Endpoints::order_events, Query::read},
    Route{verb::get, "/v1/events", &Endpoints::events, Query::read},
    Route{verb::get, "/v1/quote", &Endpoints::quote, Query::read, Needs::log},
    Route{verb::get, "/v1/dead-letters", &Endpoints::dead_letters, Query::read},
    Route{verb::get, "/v1/dead-letters/stats", &Endpoints::dead_letter_stats, Query::read},
    Route{verb::delete_, "/v1/dead-letters/{id}", &Endpoints::discard_dead_letter, Query::refused,
          Needs::log},
    Route{verb::post, "/v1/dead-letters/{id}/requeue", &Endpoints::requeue_dead_letter,
          Query::refused, Needs::log},
    Route{verb::get, "/", &Endpoints::service_name, Query::ignored},
    Route{verb::get, "/health", &Endpoints::health, Query::ignored},
    Route{verb::get, "/healthz", &Endpoints::alive, Query::ignored},
    Route{verb::get, "/readyz", &Endpoints::ready, Query::ignored},
    Route{verb::get, "/ws", &Endpoints::websocket_only, Query::ignored},
};

constexpr std::string_view websocket_path = "/ws";

std::string_view view_of(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

bool matches(std::string_view pattern, std::string_view path, std::string_view& id) {
  constexpr std::string_view hole = "{id}";
  const std::size_t at = pattern.find(hole);
  if (at == pattern.npos) return path == pattern;
  const std::string_view suffix = pattern.substr(at + hole.size());
  if (path.size() <= at + suffix.size() || !path.starts_with(pattern.substr(0, at)) ||
      !path.ends_with(suffix)) {
    return false;
  }
  id = path.substr(at, path.size() - at - suffix.size());
  return id.find('/') == id.npos;
}

struct Target {
  std::string_view path;
  std::string_view query;
};
Target split(std::string_view target) {
  const std::size_t mark = target.find('?');
  if (mark == target.npos) return {target, {}};
  return {target.substr(0, mark), target.substr(mark + 1)};
}

Task<HttpAnswer> at_once(HttpAnswer answer) {
  co_return answer;
}

class Routes final : public HttpHandler {
 public:
  explicit Routes(RoutesContext context) : context_(context), endpoints_(context) {}

  Task<HttpAnswer> handle(const BeastRequest& request, std::string_view request_id,
                          const Socket::Address&) override {
    const Target target = split(view_of(request.target()));
    const verb method = request.method() == verb::head ? verb::get : request.method();
    bool known_path = false;
    for (const Route& route : routes) {
      Call call{request, target.query, {}, request_id};
      if (!matches(route.pattern, target.path, call.id)) continue;
      known_path = true;
      if (route.method == method) return run(route, call);
    }
    const Call call{request, target.query, {}, request_id};
    return at_once(known_path ? wrong_method(target.path, call) : unknown_path(call));
  }

  HttpAnswer refuse(unsigned status, std::string_view code, std::string_view detail,
                    std::string_view request_id) override {
    return answer_of_refusal(status, code, detail, request_id);
  }

  void on_wait(Micros wait) override { context_.orders.on_wait(wait); }

  bool accepts_upgrade(std::string_view target) const override {
    return split(target).path == websocket_path;
  }

  Task<void> websocket(Socket socket, BeastRequest request, std::string early) override {
    return context_.websockets.serve(std::move(socket), std::move(request), std::move(early));
  }

 private:
  Task<HttpAnswer> run(const Route& route, Call call) {
    if (route.needs == Needs::log && context_.gateway) {
      return at_once(
          refused(problems::gateway,
                  "This process runs with --role gateway and has no log; send the request "
                  "to the engine (--role all).",
                  call));
    }
    if (route.query == Query::refused && !call.query.empty()) {
      if (const auto problem = QueryReader(call.query).problem()) {
        return at_once(answer_of(*problem, call.request_id));
      }
    }
    return (endpoints_.*route.endpoint)(call);
  }

  static HttpAnswer unknown_path(const Call& call) {
    return refused(problems::not_found, "Nothing is at this path.", call);
  }

  static HttpAnswer wrong_method(std::string_view path, const Call& call) {
    std::string allow;
    for (const Route& route : routes) {
      std::string_view id;
      if (!matches(route.pattern, path, id)) continue;
      if (!allow.empty()) allow += ", ";
      allow += view_of(http::to_string(route.method));
      if (route.method == verb::get) allow += ", HEAD";
    }
    HttpAnswer answer =
        refused(problems::method_not_allowed, "This path takes only " + allow + ".", call);
    answer.headers.emplace_back("Allow", std::move(allow));
    return answer;
  }

  RoutesContext context_;
  Endpoints endpoints_;
};

}  // namespace

std::unique_ptr<HttpHandler> make_routes(RoutesContext context) {
  return std::make_unique<Routes>(context);
}

}  // namespace oee
