# SPDX-License-Identifier: MIT
shoal_test(config SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/test_config.cpp
                          ${CMAKE_CURRENT_SOURCE_DIR}/test_config_errors.cpp
                          ${CMAKE_CURRENT_SOURCE_DIR}/test_config_files.cpp
                          ${CMAKE_CURRENT_SOURCE_DIR}/test_config_hostile.cpp
                          ${CMAKE_CURRENT_SOURCE_DIR}/test_config_rows.cpp
                          ${CMAKE_CURRENT_SOURCE_DIR}/test_config_uid.cpp
           LINK shoal_config)
