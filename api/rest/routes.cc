#include "api/rest/routes.h"

#include <array>
#include <boost/beast/http/verb.hpp>

#include "api/dialects/dialects.h"
#include "api/http/cors.h"
#include "api/rest/endpoints.h"

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
// log: a gateway has none; test_endpoints: not there without them.
enum class Needs : std::uint8_t { nothing, log, test_endpoints };
enum class Rate : std::uint8_t { limited, exempt };
using enum AccessRole;

struct Route {
  verb method;
  std::string_view pattern;  // at most one "{id}", a whole segment
  Task<HttpAnswer> (Endpoints::*endpoint)(Call);
  AccessRole role;  // that it asks of the caller
  Query query = Query::refused;
  Needs needs = Needs::nothing;
  Rate rate = Rate::limited;
};

constexpr std::array routes = {
    Route{verb::post, "/v1/orders", &Endpoints::place_order, submit, Query::refused, Needs::log},
    Route{verb::get, "/v1/orders", &Endpoints::orders, read, Query::read},
    Route{verb::get, "/v1/orders/{id}", &Endpoints::order, read, Query::read},
    Route{verb::delete_, "/v1/orders/{id}", &Endpoints::cancel_order, submit, Query::refused,
          Needs::log},
    Route{verb::get, "/v1/orders/{id}/events", &Endpoints::order_events, read, Query::read},
    Route{verb::get, "/v1/events", &Endpoints::events, read, Query::read},
    Route{verb::get, "/v1/quote", &Endpoints::quote, read, Query::read, Needs::log},
    Route{verb::get, "/v1/stream", &Endpoints::stream, read, Query::read},
    Route{verb::get, "/v1/dead-letters", &Endpoints::dead_letters, read, Query::read},
    Route{verb::get, "/v1/dead-letters/stats", &Endpoints::dead_letter_stats, read, Query::read},
    Route{verb::delete_, "/v1/dead-letters/{id}", &Endpoints::discard_dead_letter, operate,
          Query::refused, Needs::log},
    Route{verb::post, "/v1/dead-letters/{id}/requeue", &Endpoints::requeue_dead_letter, operate,
          Query::refused, Needs::log},
    // Other systems' clients; their mutating endpoints refuse on a gateway in words of their own.
    Route{verb::post, "/api/orders/execute", &Endpoints::place_dialect_order, submit,
          Query::ignored},
    Route{verb::get, "/api/orders/execute", &Endpoints::websocket_only, read, Query::ignored},
    Route{verb::get, "/api/orders/status", &Endpoints::websocket_only, read, Query::ignored},
    Route{verb::post, "/order", &Endpoints::place_dialect_order, submit, Query::ignored},
    Route{verb::get, "/order/{id}", &Endpoints::websocket_only, read, Query::ignored},
    Route{verb::get, "/api/dlq/failed-orders", &Endpoints::failed_jobs, read, Query::ignored},
    Route{verb::get, "/api/dlq/stats", &Endpoints::failed_job_stats, read, Query::ignored},
    Route{verb::delete_, "/api/dlq/clear", &Endpoints::clear_failed_jobs, operate, Query::ignored},
    Route{verb::delete_, "/api/dlq/clear/failed", &Endpoints::clear_failed_jobs, operate,
          Query::ignored},
    Route{verb::post, "/test/dlq", &Endpoints::place_failing_orders, operate, Query::ignored,
          Needs::test_endpoints},
    Route{verb::post, "/test/dlq/bulk", &Endpoints::place_failing_orders, operate, Query::ignored,
          Needs::test_endpoints},
    Route{verb::get, "/", &Endpoints::home, open, Query::ignored, Needs::nothing, Rate::exempt},
    Route{verb::get, "/assets/{id}", &Endpoints::web_asset, open, Query::ignored, Needs::nothing,
          Rate::exempt},
    Route{verb::get, "/favicon.svg", &Endpoints::web_icon, open, Query::ignored, Needs::nothing,
          Rate::exempt},
    Route{verb::get, "/health", &Endpoints::health, open, Query::ignored, Needs::nothing,
          Rate::exempt},
    Route{verb::get, "/healthz", &Endpoints::alive, open, Query::ignored, Needs::nothing,
          Rate::exempt},
    Route{verb::get, "/readyz", &Endpoints::ready, open, Query::ignored, Needs::nothing,
          Rate::exempt},
    Route{verb::get, "/openapi.json", &Endpoints::openapi, open, Query::ignored},
    Route{verb::get, "/asyncapi.json", &Endpoints::asyncapi, open, Query::ignored},
    Route{verb::get, "/v1/config", &Endpoints::configuration, operate},
    Route{verb::get, "/metrics", &Endpoints::metrics, read, Query::ignored, Needs::nothing,
          Rate::exempt},
    Route{verb::get, "/ws", &Endpoints::websocket_only, read, Query::ignored},
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
  explicit Routes(const RoutesContext& context) : context_(context), endpoints_(context) {
    if (context_.meters == nullptr) context_.meters = &unasked_;
    for (const Route& route : routes) {
      RouteMeters& meters = add_meters(view_of(http::to_string(route.method)), route.pattern);
      if (route.endpoint == &Endpoints::place_order ||
          route.endpoint == &Endpoints::place_dialect_order)
        meters.accepted = &context_.meters->accepted;
    }
    no_route_ = current_ = &add_meters("other", "other");
  }

  Task<HttpAnswer> handle(const BeastRequest& request, std::string_view request_id,
                          const Socket::Address& client) override {
    const Target target = split(view_of(request.target()));
    Call call{request, target.query, {}, request_id, {}};
    const Found found = find(target.path, call);
    current_ = found.route != nullptr
                   ? &context_.meters->routes[static_cast<std::size_t>(found.route - routes.data())]
                   : no_route_;
    const PageOrigin origin = page_origin_of(request, context_.allowed_origins);
    const Access::Caller caller{request, client, request_id};
    const AccessRole role = found.route != nullptr ? found.route->role : open;
    const bool limited = found.route == nullptr || found.route->rate == Rate::limited;
    Access::Entry entry = context_.access->admit(caller, role, limited, context_.clock);
    call.principal = std::move(entry.principal);
    Task<HttpAnswer> answer = entry.refusal ? at_once(*std::move(entry.refusal))
                                            : dispatch(found, target.path, call, origin);
    if (origin == PageOrigin::none && !entry.rate) return answer;
    return add_response_headers(std::move(answer), request, origin, entry.rate);
  }

  HttpAnswer refuse(unsigned status, std::string_view code, std::string_view detail,
                    std::string_view request_id) override {
    no_route_->answers[status / 100 % no_route_->answers.size()].add();
    return answer_of_refusal(status, code, detail, request_id);
  }

  RequestTimer timer() override { return {*current_, context_.clock}; }

  void on_wait(Micros wait) override { context_.orders.on_wait(wait); }

  bool accepts_upgrade(std::string_view target) const override {
    return split(target).path == websocket_path || dialect_upgrade(target);
  }

  Task<void> websocket(Socket socket, BeastRequest request, std::string early) override {
    return context_.websockets.serve(std::move(socket), std::move(request), std::move(early));
  }

 private:
  struct Found {
    const Route* route = nullptr;
    bool known_path = false;
  };

  Found find(std::string_view path, Call& call) const {
    const verb asked = call.request.method();
    const verb method = asked == verb::head ? verb::get : asked;
    Found found;
    for (const Route& route : routes) {
      call.id = {};
      if (!matches(route.pattern, path, call.id) || !is_there(route)) continue;
      found.known_path = true;
      if (route.method != method) continue;
      found.route = &route;
      break;
    }
    return found;
  }

  Task<HttpAnswer> dispatch(const Found& found, std::string_view path, const Call& call,
                            PageOrigin origin) {
    const verb method = call.request.method();
    if (!found.known_path) return at_once(unknown_path(call));
    if (method == verb::options)
      return at_once(options_answer(call.request, origin, methods_of(path)));
    if (found.route == nullptr) return at_once(wrong_method(path, call));
    if (origin == PageOrigin::foreign && found.route->method != verb::get)
      return at_once(refused(problems::foreign_origin,
                             "The Origin is neither this host's nor one of --allowed-origins.",
                             call));
    return run(*found.route, call);
  }

  // What only some requests get: CORS for web pages, the state of the rate limit.
  Task<HttpAnswer> add_response_headers(Task<HttpAnswer> bare, const BeastRequest& request,
                                        PageOrigin origin, std::optional<RateVerdict> rate) {
    HttpAnswer answer = co_await std::move(bare);
    if (rate) context_.access->add_rate_headers(answer, *rate);
    add_cors_headers(answer, request, origin);
    co_return answer;
  }

  RouteMeters& add_meters(std::string_view method, std::string_view pattern) {
    RouteMeters& meters = context_.meters->routes.emplace_back();
    meters.method = method;
    meters.pattern = pattern;
    return meters;
  }

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

  bool is_there(const Route& route) const {
    return route.needs != Needs::test_endpoints || context_.test_endpoints;
  }

  static HttpAnswer unknown_path(const Call& call) {
    return refused(problems::not_found, "Nothing is at this path.", call);
  }

  static std::string methods_of(std::string_view path) {
    std::string methods;
    for (const Route& route : routes) {
      std::string_view id;
      if (!matches(route.pattern, path, id)) continue;
      if (!methods.empty()) methods += ", ";
      methods += view_of(http::to_string(route.method));
      if (route.method == verb::get) methods += ", HEAD";
    }
    return methods;
  }

  static HttpAnswer wrong_method(std::string_view path, const Call& call) {
    std::string allow = methods_of(path);
    HttpAnswer answer =
        refused(problems::method_not_allowed, "This path takes only " + allow + ".", call);
    answer.headers.emplace_back("Allow", std::move(allow));
    return answer;
  }

  RoutesContext context_;
  Endpoints endpoints_;
  HttpMeters unasked_;
  RouteMeters* no_route_ = nullptr;  // of what no route takes
  RouteMeters* current_ = nullptr;   // of the request that came last
};

}  // namespace

std::vector<std::string> route_names() {
  std::vector<std::string> names;
  for (const Route& route : routes) {
    std::string& name = names.emplace_back(view_of(http::to_string(route.method)));
    name += ' ';
    name += route.pattern;
  }
  return names;
}

std::unique_ptr<HttpHandler> make_routes(RoutesContext context) {
  return std::make_unique<Routes>(context);
}

}  // namespace oee
