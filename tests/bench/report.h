// The report of a run: one table for people, one JSON object for programs. Pure; any thread.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "tests/bench/figures.h"

namespace oee::bench {

// A line per row: figure, name, value, ceiling, ratio, target, met; then the notes.
std::string as_table(const std::vector<Row>& rows);

// {"machine":{…},"quick":…,"rows":[{figure,name,unit,value,ceiling,ratio,target,met,note,raw}…],
//  "failed":[{figure,why}…]}; ceiling, ratio and met are null where there is none.
struct Failure {
  int figure = 0;
  std::string why;
};
boost::json::object as_object(const std::vector<Row>& rows, const std::vector<Failure>& failures,
                              boost::json::object machine, bool quick);

}  // namespace oee::bench
