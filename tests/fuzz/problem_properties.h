// The properties of every Problem: it names the place and the reason, and its answer is small JSON
// with the same content.
#pragma once

#include "api/http/problem.h"
#include "tests/fuzz/fuzz.h"

namespace oee::fuzz {

inline constexpr std::size_t problem_bytes_max = 32 * 1024;

inline void check_problem(const Problem& problem, bool has_items) {
  check(!problem.detail.empty(), "a refusal without a detail");
  check(problem.kind->status >= 400 && problem.kind->status < 500,
        "a refusal with another status than 4xx");
  check(problem.items.empty() != has_items, "a refusal must name what is wrong");
  const char* where = problem.items_are_parameters ? "parameter" : "pointer";
  for (const ProblemItem& item : problem.items) {
    check(!item.code.empty() && !item.detail.empty(), "an item without code or detail");
    check(problem.items_are_parameters || item.where.empty() || item.where.front() == '/',
          "not a JSON pointer");
  }
  const HttpAnswer answer = answer_of(problem, "request-1");
  check(answer.status == problem.kind->status, "the answer has another status");
  check(answer.body.size() <= problem_bytes_max, "a problem grows with the input");
  const boost::json::value sent = parsed_answer(answer.body);
  check(view_of(sent.at("code").as_string()) == problem.kind->code, "the answer has another code");
  if (has_items) {
    const boost::json::array& items = sent.at("errors").as_array();
    check(items.size() == problem.items.size(), "the answer has another number of items");
    for (const boost::json::value& item : items) (void)item.at(where).as_string();
  }
}

inline bool same_problem(const Problem& a, const Problem& b) {
  return answer_of(a, "r").body == answer_of(b, "r").body;
}

}  // namespace oee::fuzz
