// Events as lines for people and spreadsheets (log-dump). Pure. Texts that users gave are quoted
// and escaped, so that nothing in a log can write control sequences to a terminal or break a line.
#pragma once

#include <string>
#include <string_view>

#include "core/order/event.h"

namespace oee {

// One line, with its newline: seq, time, order id, version, type, status after, key facts.
void append_text_line(std::string& out, const Record& record, bool colour);

// RFC 4180 with LF; `data` is the event's JSON as in the REST answers. Members that an event has
// not are empty.
std::string_view csv_header();  // with its newline
void append_csv_line(std::string& out, const Record& record);

// {"seq","version","type","ts","data":{...},"orderId"} and a newline.
void append_json_line(std::string& out, const Record& record);

}  // namespace oee
