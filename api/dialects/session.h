// DialectSessions: the WebSocket sessions of the dialects with frames of their own (B to E,
// dialects.h). Immutable; loop's thread.
#pragma once

#include "api/dialects/dialects.h"
#include "api/push/ws_context.h"

namespace oee {

// It outlives its sessions.
class DialectSessions final : public WsSessionFactory {
 public:
  explicit DialectSessions(DialectSet served = DialectSet::all()) : dialects_(served) {}
  bool serves(std::string_view target) const override;
  std::string_view route(std::string_view target) const override;
  std::unique_ptr<WsSocket> make_session(const WsContext& context, WsMetrics& metrics,
                                         Socket socket, const Access::Entry& entry,
                                         std::string_view target) const override;

 private:
  const Dialects dialects_;
};

}  // namespace oee
