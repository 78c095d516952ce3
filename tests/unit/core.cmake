# SPDX-License-Identifier: MIT
shoal_test(core SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/test_core_random.cpp
                        ${CMAKE_CURRENT_SOURCE_DIR}/test_core_file.cpp
                        ${CMAKE_CURRENT_SOURCE_DIR}/test_core_parallel.cpp
                        ${CMAKE_CURRENT_SOURCE_DIR}/test_core_stop.cpp
                        ${CMAKE_CURRENT_SOURCE_DIR}/test_core_text.cpp
           LINK shoal_core Boost::headers)
