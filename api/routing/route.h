// Routes as data, and the groups that answer them. A group is one class of endpoints with the
// references that it uses, and one table of its routes. Loop's thread.
#pragma once

#include <array>
#include <boost/beast/http/verb.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "api/access/access_list.h"
#include "api/http/message.h"
#include "api/routing/call.h"
#include "core/base/task.h"

namespace oee {

struct Route {
  // The treatment of the query string.
  enum class Query : std::uint8_t {
    none,     // the route has no parameters: a query is 400
    read,     // the endpoint reads it and refuses unknown parameters
    ignored,  // probes and browsers may add parameters of their own
  };
  // The conditions under which the route works. `event_log`: a gateway answers 503.
  // `test_endpoints`: 404 without --enable-test-endpoints.
  enum class Needs : std::uint8_t { nothing, event_log, test_endpoints };
  enum class Rate : std::uint8_t { limited, exempt };

  boost::beast::http::verb method;
  std::string_view pattern;  // a literal; at most one "{id}", a whole segment
  AccessRole role;           // required of the caller
  Query query = Query::none;
  Needs needs = Needs::nothing;
  Rate rate = Rate::limited;
  bool takes_orders = false;  // places orders: the time to its 2xx is also measured as accept time
  bool takes_ticket = false;  // a ticket in the query may stand for the caller's token
};

class RouteGroup {
 public:
  virtual ~RouteGroup() = default;
  virtual std::size_t size() const = 0;
  // The reference is valid as long as the program.
  virtual const Route& route(std::size_t index) const = 0;
  // Answers a request that route(index) matches.
  virtual Task<HttpAnswer> answer(std::size_t index, Call call) = 0;
};
using RouteGroups = std::vector<std::unique_ptr<RouteGroup>>;

template <class Endpoints>
struct EndpointRoute {
  Route route;
  Task<HttpAnswer> (Endpoints::*endpoint)(Call);
};

// A group made of a class and its table, `Endpoints::routes`.
template <class Endpoints>
class EndpointGroup final : public RouteGroup {
 public:
  template <class... References>
  explicit EndpointGroup(References&&... references)
      : endpoints_(std::forward<References>(references)...) {}
  std::size_t size() const override { return Endpoints::routes.size(); }
  const Route& route(std::size_t index) const override { return Endpoints::routes[index].route; }
  Task<HttpAnswer> answer(std::size_t index, Call call) override {
    return (endpoints_.*Endpoints::routes[index].endpoint)(std::move(call));
  }

 private:
  Endpoints endpoints_;
};

}  // namespace oee
