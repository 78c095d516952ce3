# SPDX-License-Identifier: MIT
shoal_test(stats SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/test_stats_intervals.cpp
                         ${CMAKE_CURRENT_SOURCE_DIR}/test_stats_table.cpp
                         ${CMAKE_CURRENT_SOURCE_DIR}/test_stats_survival.cpp
                         ${CMAKE_CURRENT_SOURCE_DIR}/test_stats_effects.cpp
                         ${CMAKE_CURRENT_SOURCE_DIR}/test_stats_trends.cpp
                         ${CMAKE_CURRENT_SOURCE_DIR}/test_stats_claims.cpp
                         ${CMAKE_CURRENT_SOURCE_DIR}/test_stats_claims_learning.cpp
                         ${CMAKE_CURRENT_SOURCE_DIR}/test_stats_pairs.cpp
                         ${CMAKE_CURRENT_SOURCE_DIR}/test_stats_report.cpp
                         ${CMAKE_CURRENT_SOURCE_DIR}/test_stats_hostile.cpp
           LINK shoal_papers)
