# SPDX-License-Identifier: MIT
shoal_test(store SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/test_store_population.cpp
           LINK shoal_store)
