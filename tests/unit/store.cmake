# SPDX-License-Identifier: MIT
shoal_test(store SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/test_store_records.cpp
                         ${CMAKE_CURRENT_SOURCE_DIR}/test_store_population.cpp
                         ${CMAKE_CURRENT_SOURCE_DIR}/test_store_analysis.cpp
                         ${CMAKE_CURRENT_SOURCE_DIR}/test_store_full.cpp
                         ${CMAKE_CURRENT_SOURCE_DIR}/test_store_exchange.cpp
                         ${CMAKE_CURRENT_SOURCE_DIR}/test_store_damage.cpp
                         ${CMAKE_CURRENT_SOURCE_DIR}/test_store_manifest.cpp
                         ${CMAKE_CURRENT_SOURCE_DIR}/test_store_hostile.cpp
           LINK shoal_store)
