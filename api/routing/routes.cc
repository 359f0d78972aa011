#include "api/routing/routes.h"

#include <boost/beast/http/verb.hpp>

#include "api/http/cors.h"
#include "api/http/query.h"

namespace oee {
namespace {

namespace http = boost::beast::http;
using http::verb;

std::string_view view_of(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

bool matches(std::string_view pattern, std::string_view path, std::string_view& id) {
  constexpr std::string_view placeholder = "{id}";
  const std::size_t at = pattern.find(placeholder);
  if (at == pattern.npos) return path == pattern;
  const std::string_view suffix = pattern.substr(at + placeholder.size());
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
  Routes(RoutesContext context, RouteGroups groups)
      : context_(std::move(context)), groups_(std::move(groups)) {
    if (context_.metrics == nullptr) context_.metrics = &unread_;
    for (const auto& group : groups_) {
      for (std::size_t i = 0; i < group->size(); ++i) {
        const Route& route = group->route(i);
        RouteMetrics& metrics =
            add_route_metrics(view_of(http::to_string(route.method)), route.pattern);
        if (route.takes_orders) metrics.accepted = &context_.metrics->accepted;
        entries_.push_back({&route, group.get(), i, &metrics});
      }
    }
    no_route_ = current_ = &add_route_metrics("other", "other");
  }

  Task<HttpAnswer> handle(const BeastRequest& request, std::string_view request_id,
                          const Socket::Address& client) override {
    const Target target = split(view_of(request.target()));
    Call call{request, target.query, {}, request_id, {}};
    const Found found = find(target.path, call);
    current_ = found.entry != nullptr ? found.entry->metrics : no_route_;
    const PageOrigin origin = page_origin_of(request, context_.allowed_origins);
    const Access::Caller caller{request, client, request_id};
    const Route* const route = found.entry != nullptr ? found.entry->route : nullptr;
    caller_ = nullptr;
    if (route != nullptr && route->takes_ticket && Access::mentions_ticket(target.query)) {
      auto name = std::make_shared<std::string>();
      caller_ = name;
      return admit_with_ticket(found, std::move(call), caller, origin, std::move(name));
    }
    return admit(found, std::move(call), caller, origin, caller_);
  }

  HttpAnswer refuse(unsigned status, std::string_view code, std::string_view detail,
                    std::string_view request_id) override {
    no_route_->answers[status / 100 % no_route_->answers.size()].add();
    return answer_of_refusal(status, code, detail, request_id);
  }

  RequestTimer timer() override { return {*current_, context_.clock, std::move(caller_)}; }

  void on_wait(Micros wait) override { context_.orders.on_wait(wait); }

  bool accepts_upgrade(std::string_view target) const override {
    return context_.websockets.serves(target);
  }

  Task<void> websocket(Socket socket, BeastRequest request, std::string early) override {
    return context_.websockets.serve(std::move(socket), std::move(request), std::move(early));
  }

 private:
  struct Entry {
    const Route* route;
    RouteGroup* group;
    std::size_t index;  // of the route in its group
    RouteMetrics* metrics;
  };
  struct Found {
    const Entry* entry = nullptr;
    bool known_path = false;
  };

  Found find(std::string_view path, Call& call) const {
    const verb sent = call.request.method();
    const verb method = sent == verb::head ? verb::get : sent;
    Found found;
    for (const Entry& entry : entries_) {
      call.id = {};
      if (!serves(entry, path, call.id)) continue;
      found.known_path = true;
      if (entry.route->method != method) continue;
      found.entry = &entry;
      break;
    }
    return found;
  }

  // Fills in `name`, which the request's timer shares: timer() is called before the ticket is
  // taken.
  Task<HttpAnswer> admit_with_ticket(Found found, Call call, Access::Caller caller,
                                     PageOrigin origin, std::shared_ptr<std::string> name) {
    caller.ticket = co_await context_.access->take_ticket(call.query);
    TokenName holder;
    Task<HttpAnswer> answer = admit(found, std::move(call), caller, origin, holder);
    if (holder) *name = *holder;
    co_return co_await std::move(answer);
  }

  // Sets `name` before it returns the task.
  Task<HttpAnswer> admit(const Found& found, Call call, const Access::Caller& caller,
                         PageOrigin origin, TokenName& name) {
    const Route* const route = found.entry != nullptr ? found.entry->route : nullptr;
    const AccessRole role = route != nullptr ? route->role : AccessRole::open;
    const bool limited = route == nullptr || route->rate == Route::Rate::limited;
    Access::Entry entry = context_.access->admit(caller, role, limited, context_.clock);
    name = entry.token_name();
    call.principal = std::move(entry.principal);
    const std::string_view path = path_of(call);
    Task<HttpAnswer> answer = entry.refusal ? at_once(*std::move(entry.refusal))
                                            : dispatch(found, path, std::move(call), origin);
    if (origin == PageOrigin::none && !entry.rate) return answer;
    return add_response_headers(std::move(answer), caller.request, origin, entry.rate);
  }

  Task<HttpAnswer> dispatch(const Found& found, std::string_view path, Call call,
                            PageOrigin origin) {
    const verb method = call.request.method();
    if (!found.known_path) return at_once(unknown_path(call));
    if (method == verb::options)
      return at_once(options_answer(call.request, origin, methods_of(path)));
    if (found.entry == nullptr) return at_once(wrong_method(path, call));
    if (origin == PageOrigin::foreign && found.entry->route->method != verb::get)
      return at_once(refused(problems::foreign_origin,
                             "The Origin is neither this host's nor one of --allowed-origins.",
                             call));
    return run(*found.entry, std::move(call));
  }

  // Adds the headers that only some answers have: CORS for web pages, the state of the rate limit.
  Task<HttpAnswer> add_response_headers(Task<HttpAnswer> bare, const BeastRequest& request,
                                        PageOrigin origin, std::optional<RateVerdict> rate) {
    HttpAnswer answer = co_await std::move(bare);
    if (rate) context_.access->add_rate_headers(answer, *rate);
    add_cors_headers(answer, request, origin);
    co_return answer;
  }

  RouteMetrics& add_route_metrics(std::string_view method, std::string_view pattern) {
    RouteMetrics& metrics = context_.metrics->routes.emplace_back();
    metrics.method = method;
    metrics.pattern = pattern;
    return metrics;
  }

  Task<HttpAnswer> run(const Entry& entry, Call call) {
    const Route& route = *entry.route;
    if (route.needs == Route::Needs::event_log && context_.gateway) {
      return at_once(
          refused(problems::gateway,
                  "This process runs with --role gateway and has no log; send the request "
                  "to the engine (--role all).",
                  call));
    }
    if (route.query == Route::Query::none && !call.query.empty()) {
      if (const auto problem = QueryReader(call.query).problem()) {
        return at_once(answer_of(*problem, call.request_id));
      }
    }
    return entry.group->answer(entry.index, std::move(call));
  }

  // `id`: the segment of the path that matches {id}.
  bool serves(const Entry& entry, std::string_view path, std::string_view& id) const {
    const bool exists =
        entry.route->needs != Route::Needs::test_endpoints || context_.test_endpoints;
    return exists && matches(entry.route->pattern, path, id);
  }

  static HttpAnswer unknown_path(const Call& call) {
    return refused(problems::not_found, "There is no resource at this path.", call);
  }

  std::string methods_of(std::string_view path) const {
    std::string methods;
    for (const Entry& entry : entries_) {
      std::string_view id;
      if (!serves(entry, path, id)) continue;
      if (!methods.empty()) methods += ", ";
      methods += view_of(http::to_string(entry.route->method));
      if (entry.route->method == verb::get) methods += ", HEAD";
    }
    return methods;
  }

  HttpAnswer wrong_method(std::string_view path, const Call& call) const {
    std::string allow = methods_of(path);
    HttpAnswer answer =
        refused(problems::method_not_allowed, "This path supports only " + allow + ".", call);
    answer.headers.emplace_back("Allow", std::move(allow));
    return answer;
  }

  RoutesContext context_;
  const RouteGroups groups_;
  std::vector<Entry> entries_;
  HttpMetrics unread_;
  RouteMetrics* no_route_ = nullptr;  // requests that no route matches
  RouteMetrics* current_ = nullptr;   // the route of the last request
  TokenName caller_;                  // of the last request
};

}  // namespace

std::vector<std::string> route_names(const RouteGroups& groups) {
  std::vector<std::string> names;
  for (const auto& group : groups) {
    for (std::size_t i = 0; i < group->size(); ++i) {
      std::string& name = names.emplace_back(view_of(http::to_string(group->route(i).method)));
      name += ' ';
      name += group->route(i).pattern;
    }
  }
  return names;
}

std::unique_ptr<HttpHandler> make_routes(RoutesContext context, RouteGroups groups) {
  return std::make_unique<Routes>(std::move(context), std::move(groups));
}

}  // namespace oee
