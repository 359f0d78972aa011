// Endpoints: what each route of the REST face does: read the request, ask the OrderService, shape
// the answer. One per shard, on its loop. No domain decision is made here.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/http/problem.h"
#include "api/http/query.h"
#include "api/rest/routes.h"

namespace oee {

// One request, taken apart. What is referred to lives until the endpoint's Task ends.
struct Call {
  const BeastRequest& request;
  std::string_view query;  // without "?"
  std::string_view id;     // what stands for {id} in the route's pattern
  std::string_view request_id;
  PrincipalPtr principal;  // who asks; never null
};

class Endpoints {
 public:
  explicit Endpoints(RoutesContext context) : context_(context) {}

  Task<HttpAnswer> place_order(Call call);
  Task<HttpAnswer> cancel_order(Call call);
  Task<HttpAnswer> requeue_dead_letter(Call call);
  Task<HttpAnswer> discard_dead_letter(Call call);

  Task<HttpAnswer> order(Call call);
  Task<HttpAnswer> orders(Call call);
  Task<HttpAnswer> order_events(Call call);
  Task<HttpAnswer> events(Call call);
  Task<HttpAnswer> quote(Call call);
  Task<HttpAnswer> dead_letters(Call call);
  Task<HttpAnswer> dead_letter_stats(Call call);
  Task<HttpAnswer> stream(Call call);

  // Other systems' clients, see dialects.h.
  Task<HttpAnswer> place_dialect_order(Call call);
  Task<HttpAnswer> failed_jobs(Call call);
  Task<HttpAnswer> failed_job_stats(Call call);
  Task<HttpAnswer> clear_failed_jobs(Call call);
  Task<HttpAnswer> place_failing_orders(Call call);  // with --enable-test-endpoints

  Task<HttpAnswer> home(Call call);  // the service's name; to browsers, the page
  Task<HttpAnswer> web_asset(Call call);
  Task<HttpAnswer> web_icon(Call call);
  Task<HttpAnswer> health(Call call);
  Task<HttpAnswer> alive(Call call);
  Task<HttpAnswer> ready(Call call);
  Task<HttpAnswer> metrics(Call call);
  Task<HttpAnswer> configuration(Call call);
  Task<HttpAnswer> websocket_only(Call call);
  Task<HttpAnswer> openapi(Call call);
  Task<HttpAnswer> asyncapi(Call call);

 private:
  // The trace that the request belongs to, or a new one.
  CorrelationId correlation_of(const BeastRequest& request);
  // One more event of an existing order; the order has the status `after` when it is taken.
  template <class Command>
  using Change = Task<AppendAnswer> (OrderService::*)(OrderId, Command, CorrelationId);
  template <class Command>
  Task<HttpAnswer> change_order(Call call, Change<Command> change, OrderStatus after);
  Task<HttpAnswer> list_events(Call call, EventFilter filter, QueryReader query);
  std::optional<HttpAnswer> refuses_dialect_order(const Call& call);
  struct Cleared {
    std::uint64_t count = 0;
    Seq last_seq = 0;
    std::optional<Error> stopped;  // why not all were
  };
  Task<Cleared> clear_dead_letters(std::string by, CorrelationId correlation);
  Task<void> discard_some(const std::vector<Order>& orders, std::size_t begin, std::string by,
                          CorrelationId correlation, Cleared& cleared);

  RoutesContext context_;
};

HttpAnswer failed(const Error& error, bool write, const Call& call);
HttpAnswer refused(const ProblemKind& kind, std::string detail, const Call& call);
// The id of the path, or the answer when it is none: no such order can exist.
std::optional<OrderId> id_of(const Call& call);
HttpAnswer no_such_order(const Call& call);

}  // namespace oee
