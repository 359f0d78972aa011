# Read by ctest. Tests that compare speeds run alone on the machine.
set_tests_properties(CancelLatency.ReadersOfThePastHardlyDelayACancel
                     Overload.ThreeTimesTheCapacityLeavesTheGoodputWhereItWas
                     Overload.ARetryStormLeavesMostOfTheGoodput PROPERTIES RUN_SERIAL TRUE)
