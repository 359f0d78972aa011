# Read by ctest: tests that compare speeds need the machine for themselves.
set_tests_properties(Overload.ThreeTimesTheCapacityLeavesTheGoodputWhereItWas
                     Overload.ARetryStormLeavesMostOfTheGoodput PROPERTIES RUN_SERIAL TRUE)
