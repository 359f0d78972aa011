// The contracts built into the program: /openapi.json and /asyncapi.json.
#include <array>

#include "api/rest/endpoints.h"
#include "core/base/sha256.h"

namespace oee {

namespace embedded {
extern const char* const openapi_json;
extern const char* const asyncapi_json;
}  // namespace embedded

namespace {

using boost::beast::http::verb;
using enum Route::Query;

struct Contract {
  explicit Contract(const char* json) : text(json) {
    etag = '"' + to_hex(as_bytes(sha256({text}))).substr(0, 32) + '"';
  }
  std::string_view text;
  std::string etag;
};

// A document changes only with the program. A client keeps it and revalidates it by its ETag.
HttpAnswer answer_of(const Contract& contract, const Call& call) {
  const auto given = call.request[boost::beast::http::field::if_none_match];
  const std::string_view known(given.data(), given.size());
  HttpAnswer answer;
  answer.headers.emplace_back("ETag", contract.etag);
  answer.headers.emplace_back("Cache-Control", "no-cache");
  if (known == "*" || known.find(contract.etag) != known.npos) {
    answer.status = 304;
  } else {
    answer.body = contract.text;
  }
  return answer;
}

class ContractEndpoints {
 public:
  Task<HttpAnswer> openapi(Call call);
  Task<HttpAnswer> asyncapi(Call call);

  using Row = EndpointRoute<ContractEndpoints>;
  static constexpr std::array routes = {
      Row{{verb::get, "/openapi.json", AccessRole::open, ignored}, &ContractEndpoints::openapi},
      Row{{verb::get, "/asyncapi.json", AccessRole::open, ignored}, &ContractEndpoints::asyncapi},
  };
};

Task<HttpAnswer> ContractEndpoints::openapi(Call call) {
  static const Contract contract(embedded::openapi_json);
  co_return answer_of(contract, call);
}

Task<HttpAnswer> ContractEndpoints::asyncapi(Call call) {
  static const Contract contract(embedded::asyncapi_json);
  co_return answer_of(contract, call);
}

}  // namespace

std::unique_ptr<RouteGroup> contract_routes() {
  return std::make_unique<EndpointGroup<ContractEndpoints>>();
}

}  // namespace oee
