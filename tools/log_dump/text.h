// Events as lines of text, CSV or JSON (log-dump). Pure. Texts of users are quoted and escaped, so
// that no event writes control sequences to a terminal or breaks a line.
#pragma once

#include <string>
#include <string_view>

#include "core/order/event.h"

namespace oee::log_dump {

// One line, with its newline: seq, time, order id, version, type, status after the event, and the
// event's main members.
void append_text_line(std::string& out, const Record& record, bool colour);

// RFC 4180 with LF. `data` is the event's JSON as in the REST answers. A member that an event does
// not have is empty.
std::string_view csv_header();  // with its newline
void append_csv_line(std::string& out, const Record& record);

// {"seq","version","type","ts","data":{...},"orderId"} and a newline.
void append_json_line(std::string& out, const Record& record);

}  // namespace oee::log_dump
