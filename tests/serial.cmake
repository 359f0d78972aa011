# Read by ctest. Tests that compare speeds run alone on the machine.
set_tests_properties(DeadVenue.TenThousandLiveAttemptsThereLeaveTheOthersTheirPace
                     TraderLatency.ReadersHardlyDelayAcceptsAndCancels
                     Overload.ThreeTimesTheCapacityLeavesTheGoodputWhereItWas
                     Overload.ARetryStormLeavesMostOfTheGoodput PROPERTIES RUN_SERIAL TRUE)
