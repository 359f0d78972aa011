#include "core/order/command.h"

namespace oee {

Hash256 fingerprint_of(const PlaceOrder& command) {
  std::string text;
  text.reserve(256);
  text += "oee/place-order/1\n";
  const auto line = [&text](std::string_view name, std::string_view value) {
    text += name;
    text += '=';
    text += value;
    text += '\n';
  };
  line("account", command.account);
  line("input", command.input.symbol);
  line("output", command.output.symbol);
  line("amount", to_text(command.amount_in));
  line("slippageBps", std::to_string(command.slippage_bps));
  line("type", to_string(command.type));
  line("expiresAt", command.expires_at ? format_rfc3339(*command.expires_at) : "");
  line("minOut", command.min_out_floor ? std::to_string(*command.min_out_floor) : "");
  return sha256({text});
}

}  // namespace oee
